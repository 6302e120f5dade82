REVOKE INSERT, UPDATE (replaced_at) ON payment_channel FROM kaifong_app;
