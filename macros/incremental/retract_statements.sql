{#-
    The statements that take events away in whose place earlier deliveries come, and keep what their identifiers were,
    blocked ones left out, for the models that have counted them.
-#}
{% macro retract_statements(target_relation, changed, step) -%}
    {%- set displaced -%}
        (
            select events.* from {{ target_relation }} as events
            inner join {{ changed }} as changed
                on changed.source_id = events.source_id and changed.event_id = events.event_id
        )
    {%- endset -%}
    {%- set retracted -%}
        insert into {{ segmentloom.state_relation('retractions') }} (
            source_id, event_id, type, occurred_at, user_id, email, anonymous_id, previous_id, owner_key, batch
        )
        select
            source_id, event_id, type, occurred_at, usable_user_id, usable_email, usable_anonymous_id, previous_id,
            owner_key, {{ step.batch }}
        from ({{ segmentloom.usable_identifiers(displaced) }}) as displaced
    {%- endset -%}
    {{ return([
        retracted,
        segmentloom.delete_keys(
            target_relation, ['source_id', 'event_id'], 'select source_id, event_id from ' ~ changed
        ),
    ]) }}
{%- endmacro %}
