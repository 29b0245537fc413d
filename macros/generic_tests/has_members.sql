{# Fails when an audience has fewer or more members than wanted. #}
{% test has_members(model, at_least=0, at_most=none) %}

select count(*) as members

from {{ model }}

having
    count(*) < {{ segmentloom.literal(at_least) }}
    {%- if at_most is not none %}
    or count(*) > {{ segmentloom.literal(at_most) }}
    {%- endif %}

{% endtest %}
