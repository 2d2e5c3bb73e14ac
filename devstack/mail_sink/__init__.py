"""A mail system on one machine: takes mail by SMTP, keeps all of it, delivers none, and lets its archive be read.

Run as `python -m devstack.mail_sink`; ports, key and data folder come from the settings. It does not notice duplicates: a
Message-ID received twice is archived twice, as with real mail. Two domains misbehave for good: a recipient at
`bounces.example` is refused (550), a mail to `tempfail.example` is put off (451) the first two times.
"""
