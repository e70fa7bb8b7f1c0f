"""The door for people who sign in: the coordinator's desk, and a partner's part of it.

Pages parse, open a Work, call one flow and present. Every one declares who may open it
(gateway.desk.guard); who reads what of a case is decided where it is for the API.
"""
