{# Fails when an audience has fewer members than wanted. #}
{% test has_members(model, at_least) %}

select count(*) as members

from {{ model }}

having count(*) < {{ segmentloom.literal(at_least) }}

{% endtest %}
