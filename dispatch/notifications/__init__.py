"""Mails to approvers: html.py is their HTML form, approver_mail.py their content."""
