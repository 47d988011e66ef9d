-- Calls by the day of their creation; minutes on the day on which they were.
select
    sdk_app_id,
    day,
    sum(created) as calls,
    sum(seconds) / 60 as minutes,
    sum(bad) as bad_calls,
    sum(score) / nullIf(sum(scored), 0) as quality_score
from
(
    select sdk_app_id, toDate(created_at) as day, 1 as created, toUInt64(0) as seconds, grade in ('poor', 'serious') as bad,
        ifNull(quality_score, 0) as score, quality_score is not null as scored
    from {{ source('callvault', 'calls') }}
    union all
    select sdk_app_id, day, 0 as created, seconds, 0 as bad, 0. as score, 0 as scored
    from {{ source('callvault', 'session_days') }}
)
group by sdk_app_id, day
