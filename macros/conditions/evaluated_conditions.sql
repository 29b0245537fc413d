{#-
    The bits of all conditions of a plan, of the profiles of some owners, as `condition_words` stores them. The counts of all
    owners of a profile are added up before they are compared. Each bit is set by what the counts of one event say, so that
    adding numbers up joins what the events say.

    owners     a relation of all identifiers of those profiles, as the identity map has them
    counts     one with their counts, as `int_segmentloom__event_counts` has them
    uncounted  what `make_uncounted` made
    several    what `make_several` made of the same owners
-#}
{% macro evaluated_conditions(plan, owners, counts, uncounted, several) -%}
    {%- set bits, tables = segmentloom.condition_bits(plan), {} -%}
    {%- for table in uncounted -%}
        {%- set alias = 'uncounted_' ~ loop.index -%}
        {%- for column in table.columns -%}{%- do tables.update({column: alias}) -%}{%- endfor -%}
    {%- endfor -%}
    select
        heads.profile_id
        {%- for columns in plan.columns | batch(62) %},
        {% set terms, for_none = [], namespace(bits=0, is_counted=false) -%}
        {%- for column in columns -%}
            {%- if column in bits -%}
                {%- set for_none.is_counted = true -%}
                {%- if bits[column].holds_for_none -%}{%- set for_none.bits = for_none.bits + 2 ** loop.index0 -%}{%- endif -%}
            {%- else -%}
                {%- set answer = tables[column] ~ '.' ~ column if column in tables
                    else segmentloom.condition_trait(plan.leaves[column]) | trim -%}
                {%- do terms.append('case when ' ~ answer ~ ' then ' ~ 2 ** loop.index0 ~ ' else 0 end') -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if for_none.is_counted -%}
            {%- do terms.append('coalesce(words.word_' ~ loop.index0 ~ ', 0) + ' ~ for_none.bits) -%}
        {%- endif -%}
        cast({{ segmentloom.added_up(terms) }} as {{ dbt.type_bigint() }}) as word_{{ loop.index0 }}
        {%- endfor %}

    from (
        select component_key, profile_id from {{ owners }} as owners
        where identifier_key = component_key
    ) as heads
    {%- if bits %}
    left join (
        {{ segmentloom.words_of_counts(plan, bits, owners, counts, several) | trim }}
    ) as words on words.component_key = heads.component_key
    {%- endif %}
    {%- if plan.has_traits %}
    left join {{ ref('segmentloom__profiles') }} as profiles on profiles.profile_id = heads.profile_id
    {%- endif %}
    {%- for table in uncounted %}
    left join {{ table.relation }} as uncounted_{{ loop.index }} on uncounted_{{ loop.index }}.profile_id = heads.profile_id
    {%- endfor %}
{%- endmacro %}

{# Makes a scratch table of the components that have several owners, which are few: most persons are seen on one device. #}
{% macro make_several(scratch, name, owners) -%}
    {{ return('(select component_key from ' ~ segmentloom.make_scratch(
        scratch, name, 'select distinct component_key from ' ~ owners ~ ' as owners where identifier_key <> component_key'
    ) ~ ')') }}
{%- endmacro %}
