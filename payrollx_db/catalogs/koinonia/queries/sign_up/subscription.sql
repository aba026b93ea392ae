INSERT INTO {tenant}.subscriptions (id, plan) VALUES (%(subscription_id)s, coalesce(%(plan)s, 'starter'))
