{# Users, written `user_id:<value>`, each with the audience's row of their profile where there is one; a condition on `members` completes it. #}
{% macro users_with_membership(model, users) -%}
with

users as (
    {%- for user in users %}

    select {{ segmentloom.literal(user[8:]) }} as user_id
    {{- ' union all' if not loop.last }}
    {%- endfor %}

),

identifiers as (

    select
        profile_id,
        identifier_value

    from {{ ref('segmentloom__identifiers') }}

    where identifier_type = 'user_id'

)

select users.user_id

from users
left join identifiers
    on users.user_id = identifiers.identifier_value
left join {{ model }} as members
    on identifiers.profile_id = members.profile_id
{%- endmacro %}
