{#-
    For whom each condition holds, of the profiles of some owners. The counts of all owners of a profile are added up before they
    are compared. What they say fits into bits of whole numbers, each set by one event at most, so that adding the numbers
    up joins what the events say.

    owners   a relation of all identifiers of those profiles, as the identity map has them
    counts   one with their counts, as `int_segmentloom__event_counts` has them
    direct   what `make_direct` made
    several  what `make_several` made of the same owners
-#}
{% macro evaluated_conditions(plan, owners, counts, direct, several) -%}
    {%- set bits = segmentloom.condition_bits(plan) -%}
    {%- set words = range(bits.values() | map(attribute='word') | max + 1) if bits else [] -%}
    select
        heads.profile_id
        {%- for column, leaf in plan.leaves | dictsort %},
        {% if column in bits %}{{ segmentloom.condition_of_bit(bits[column]) }}
        {%- elif column in plan.direct %}direct.{{ column }}
        {%- else %}{{ segmentloom.condition_trait(leaf) | trim }}
        {%- endif %} as {{ column }}
        {%- endfor %}

    from (
        select component_key, profile_id from {{ owners }} as owners
        where identifier_key = component_key
    ) as heads
    {%- if words %}
    left join (
        select
            component_key
            {%- for word in words %},
            cast(sum(word_{{ word }}) as {{ dbt.type_bigint() }}) as word_{{ word }}
            {%- endfor %}

        from (
            {%- for event, counters in plan.counted.items() %}
            {{ 'union all ' if not loop.first }}{{ segmentloom.event_words(event, counters, bits, words, counts, owners, several) }}
            {%- endfor %}
        ) as words

        group by component_key
    ) as words on words.component_key = heads.component_key
    {%- endif %}
    {%- if plan.has_traits %}
    left join {{ ref('segmentloom__profiles') }} as profiles on profiles.profile_id = heads.profile_id
    {%- endif %}
    {%- if plan.direct %}
    left join {{ direct }} as direct on direct.profile_id = heads.profile_id
    {%- endif %}
{%- endmacro %}

{# What the counts of one event say of profiles: bits that are set where a condition is not as for those who never did it. #}
{% macro event_words(event, counters, bits, words, counts, owners, several) -%}
    select
        component_key
        {%- for word in words %},
        {% set terms = [] -%}
        {%- for bit in bits.values() if bit.event == event and bit.word == word -%}
            {%- do terms.append(
                'case when ' ~ ('not ' if bit.holds_for_none) ~ segmentloom.compare_count(bit.counted, bit.threshold) | trim
                ~ ' then ' ~ 2 ** bit.bit ~ ' else 0 end'
            ) -%}
        {%- endfor -%}
        {{ terms | join(' + ') or 0 }} as word_{{ word }}
        {%- endfor %}

    from (
        {{ segmentloom.counts_of_components(event, counters, counts, owners, 'not in ' ~ several) }}

        union all

        {{ segmentloom.counts_of_components(event, counters, counts, owners, 'in ' ~ several, is_added=true) }}
    ) as counted
{%- endmacro %}

{# The counts of one event by component, those of its owners added up or, where there is one owner, as they are. #}
{% macro counts_of_components(event, counters, counts, owners, which, is_added=false) -%}
        select
            owners.component_key
            {%- for counter in counters %},
            {{ 'sum(counts.' ~ counter.column ~ ')' if is_added else 'counts.' ~ counter.column }} as {{ counter.column }}
            {%- endfor %}

        from {{ counts }} as counts
        inner join {{ owners }} as owners on owners.identifier_key = counts.owner_key

        where counts.event = {{ segmentloom.literal(event) }} and owners.component_key {{ which }}
        {%- if is_added %}

        group by owners.component_key
        {%- endif %}
{%- endmacro %}

{# Makes a scratch table of the components that have several owners, which are few: most persons are seen on one device. #}
{% macro make_several(scratch, name, owners) -%}
    {{ return('(select component_key from ' ~ segmentloom.make_scratch(
        scratch, name, 'select distinct component_key from ' ~ owners ~ ' as owners where identifier_key <> component_key'
    ) ~ ')') }}
{%- endmacro %}

{% macro condition_of_bit(bit) -%}
    {%- set is_set = segmentloom.bit_is_set('coalesce(words.word_' ~ bit.word ~ ', 0)', bit.bit) | trim -%}
    {{ 'not (' ~ is_set ~ ')' if bit.holds_for_none else is_set }}
{%- endmacro %}
