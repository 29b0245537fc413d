{# What counts say of components, beside those who never did anything: their bits are set for conditions that hold for nobody
   of those, and taken away for the others. #}
{% macro words_of_counts(plan, bits, owners, counts, several) -%}
        {%- set terms, used = {}, [] -%}
        {%- for bit in bits.values() -%}
            {%- do used.append(bit.counted) -%}
            {%- do terms.setdefault(bit.word, {}).setdefault(bit.event, []).append(
                'case when ' ~ segmentloom.compare_count(bit.counted, bit.threshold) | trim
                ~ (' then 0 else -' ~ 2 ** bit.bit if bit.holds_for_none else ' then ' ~ 2 ** bit.bit ~ ' else 0') ~ ' end'
            ) -%}
        {%- endfor -%}
        {%- set used, events = used | unique | list, (plan.counted if plan.is_part else []) | list -%}
        select
            component_key
            {%- for word, of_events in terms.items() %},
            cast(sum(case event
            {%- for event, listed in of_events.items() %}
                when {{ segmentloom.literal(event) }} then {{ segmentloom.added_up(listed) }}
            {%- endfor %}
            else 0 end) as {{ dbt.type_bigint() }}) as word_{{ word }}
            {%- endfor %}

        from (
            {{ segmentloom.counts_of_components(used, events, counts, owners, 'not in ' ~ several) }}

            union all

            {{ segmentloom.counts_of_components(used, events, counts, owners, 'in ' ~ several, is_added=true) }}
        ) as counted

        group by component_key
{%- endmacro %}

{# Counts by component and event, those of its owners added up or, where there is one owner, as they are. #}
{% macro counts_of_components(columns, events, counts, owners, which, is_added=false) -%}
            select
                owners.component_key,
                counts.event
                {%- for column in columns %},
                {{ 'sum(counts.' ~ column ~ ')' if is_added else 'counts.' ~ column }} as {{ column }}
                {%- endfor %}

            from {{ counts }} as counts
            inner join {{ owners }} as owners on owners.identifier_key = counts.owner_key

            where owners.component_key {{ which }}
            {%- if events %} and counts.event in ({{ segmentloom.text_list(events) }}){% endif %}
            {%- if is_added %}

            group by owners.component_key, counts.event
            {%- endif %}
{%- endmacro %}
