{# Fails for each member of an audience and another one, given by its name, that it must share no member with. #}
{% test disjoint_from(model, audiences) %}
{%- for name in audiences %}

select
    {{ segmentloom.literal(name) }} as audience,
    members.profile_id

from {{ model }} as members
inner join {{ ref('audience_' ~ name) }} as others
    on members.profile_id = others.profile_id
{{ 'union all' if not loop.last }}
{%- endfor %}

{% endtest %}
