INSERT INTO public."audit_logs"
SELECT pg_temp.id('auth audit log', n),
    pg_temp.id('user', actor),
    (ARRAY['LOGIN', 'LOGIN', 'LOGIN', 'LOGOUT', 'TOKEN_REFRESH', 'PASSWORD_CHANGE', 'USER_UPDATE', 'LOGIN_FAILED'])
        [1 + n % 8],
    CASE WHEN n % 8 = 6 THEN 'User' ELSE 'Session' END,
    CASE WHEN n % 8 = 6 THEN pg_temp.id('user', actor) ELSE pg_temp.id('session', n) END,
    CASE n % 8
        WHEN 0 THEN NULL
        WHEN 5 THEN ''
        WHEN 6 THEN '{"changed": ["lastName"], "to": "' || pg_temp.last_name(n) || '"}'
        WHEN 7 THEN E'wrong password\tattempt ' || n % 3 + 1 || E'\nfrom C:\\Users\\' || pg_temp.first_name(n)
        ELSE 'via ' || (ARRAY['web', 'mobile', 'api'])[1 + n % 3] END,
    CASE WHEN n % 40 = 0 THEN NULL ELSE pg_temp.ip_address(n) END,
    CASE WHEN n % 40 = 0 THEN NULL ELSE pg_temp.user_agent(n) END,
    pg_temp.moment(n, 41, 730)
FROM (
    SELECT n, 1 + pg_temp.pick(n, 40, pg_temp.users()) AS actor
    FROM generate_series(1, 5 * pg_temp.employees()) AS n OFFSET 0
) AS numbers;
