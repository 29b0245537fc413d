{#-
    One row per delivery of an event from any source, in one shape, with the reason for refusing it, if any.

    With a `step` of the incremental events, those that may be new to it only; with `only`, of the configured sources of
    these names.
-#}
{% macro deliveries(step=none, only=none) -%}
    select
        {%- for column in segmentloom.event_columns() %}
        {%- if column == 'event' %}
        case
            when type = 'track' then event
            when type = 'page' then 'Page Viewed'
            when type = 'screen' then 'Screen Viewed'
        end as event,
        {%- else %}
        {{ column }},
        {%- endif %}
        {%- endfor %}
        load_id,
        line_number,
        content,
        case
            when type is null or type not in ('track', 'identify', 'page', 'screen', 'group', 'alias')
                then 'unknown type'
            when type = 'track' and event is null then 'track without event'
            when occurred_at is null then 'unreadable timestamp'
            when coalesce(user_id, anonymous_id, email, case when type = 'alias' then previous_id end) is null
                then 'no identifier'
            when refusal is not null then refusal
            else {{ segmentloom.exclusion() }}
        end as reason

    from (
        select
            event_id,
            source_id,
            coalesce(lower(type), case when event is not null then 'track' end) as type,
            event,
            occurred_at,
            received_at,
            loaded_at,
            {{ segmentloom.trim_blanks('anonymous_id') }} as anonymous_id,
            {{ segmentloom.trim_blanks('user_id') }} as user_id,
            {{ segmentloom.trim_blanks('previous_id') }} as previous_id,
            case when email like '%@%' then lower({{ segmentloom.trim_blanks('email') }}) end as email,
            phone,
            properties,
            traits,
            context,
            load_id,
            line_number,
            content,
            refusal

        from (
            {{ segmentloom.delivered(step, only) }}
        ) as delivered
    ) as trimmed
{%- endmacro %}

{# The same as the sources say it. #}
{% macro delivered(step=none, only=none) -%}
    {%- set names, parts, configured = [], [], [] -%}
    {%- if only is none and (not step or step.is_full or step.first_loaded_at) -%}
        {%- do parts.append(segmentloom.source_landed(step)) -%}
    {%- endif -%}
    {%- for source in var('segmentloom_sources', []) if only is none or source.name in only -%}
        {%- do configured.append(segmentloom.source_events(source, step)) -%}
        {%- if source.name in names -%}
            {{ segmentloom.source_problem(source, 'name', 'is used twice; event ids are unique within a source only') }}
        {%- endif -%}
        {%- do names.append(source.name) -%}
    {%- endfor -%}
    {%- if configured -%}
        {%- do parts.append(segmentloom.with_email_and_phone(configured | join('\n\n    union all\n\n    '))) -%}
    {%- endif -%}
    {{ parts | join('\n\n    union all\n\n    ') if parts else segmentloom.source_landed() ~ ' and false' }}
{%- endmacro %}

{# Deliveries with the e-mail address and the number that they state: the rules are long, so they stand once for all sources. #}
{% macro with_email_and_phone(rows) -%}
    select
        {%- for column in segmentloom.stated_columns() %}
        {%- if column == 'email' %}
        {{ segmentloom.event_email('email', 'traits', 'context', 'properties') }} as email,
        {%- elif column == 'phone' %}
        {{ segmentloom.e164_phone('phone') }} as phone,
        {%- else %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}

    from (
        {{ rows }}
    ) as stated
{%- endmacro %}
