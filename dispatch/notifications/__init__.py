"""The HTML form of mails to approvers; look here to change how they look, in dispatch/notifications/approver_mail.py what they say."""
