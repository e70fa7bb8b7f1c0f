"""Typing in a referral at the desk: the published form, page by page, and sending it."""
