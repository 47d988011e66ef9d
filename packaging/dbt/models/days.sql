select
    sdk_app_id,
    toDate(created_at) as day,
    count() as calls,
    sum(presence_seconds) / 60 as minutes,
    countIf(grade in ('poor', 'serious')) as bad_calls,
    avg(quality_score) as quality_score
from {{ source('callvault', 'calls') }}
group by sdk_app_id, day
