select
    concat(toString(sdk_app_id), ' ', user_id) as user_key,
    sdk_app_id,
    user_id,
    uniqExact(comm_id) as calls,
    sum(presence_seconds) / 60 as minutes,
    min(first_joined_at) as first_seen_at,
    max(first_joined_at) as last_seen_at,
    avg(score) as score
from {{ source('callvault', 'call_users') }}
group by sdk_app_id, user_id
