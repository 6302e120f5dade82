-- Terms of channels are recorded by the application too. It edits none: it says from when on one
-- was known otherwise.
GRANT INSERT, UPDATE (replaced_at) ON payment_channel TO kaifong_app;
