{{ config(materialized='table', schema='shop') }}

select
    1001 as customer_no,
    'Kim@Example.com ' as email,
    cast('2026-11-15 10:00:00' as timestamp) as ordered_at,
    11 as amount,
    'EUR' as currency,
    cast(null as {{ dbt.type_string() }}) as note

union all

select 1001, 'kim@example.com', cast('2026-11-15 10:00:00' as timestamp), 11, 'EUR', null

union all

select 1002, null, cast('2026-11-20 12:00:00.5' as timestamp), 250, 'EUR', 'no "receipt"'

union all

select 1003, 'bob@example.com', cast('2026-11-01 00:00:00' as timestamp), 9, 'EUR', ''

union all

select null, null, cast('2026-11-02 00:00:00' as timestamp), 1, 'EUR', null
