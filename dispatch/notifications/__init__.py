"""The HTML form of mails to approvers; look here to change how they look, in dispatch/rules/notifications.py what they say."""
