{#-
    The figures of an audience and what follows from its members, in one statement, so that who they are is worked out once.
    Rows of part, name and numbers n_1, n_2, ...

    judgements   further figures; see `judgement`
    answers      what to ask about the members: {sql, columns}, the first column a name, the others numbers. The SQL reads
                 them as `counted_members` (profile_id).

    Part 0 is one row: how many profiles there are, how many are members, for how many each leaf condition alone holds, in
    the definition's order, and for how many each judgement. Part 1 has the rows of the first answer, and so on.
-#}
{% macro audience_preview(definition, judgements=[], answers=[]) -%}
    {%- set figures = ['count(*)', 'count(case when judged.is_member then 1 end)'] -%}
    {%- for leaf in segmentloom.definition_leaves(definition) -%}
        {%- do figures.append('count(case when judged.leaf_' ~ loop.index ~ ' then 1 end)') -%}
    {%- endfor -%}
    {%- for judgement in judgements -%}
        {%- do figures.append('count(case when ' ~ segmentloom.judgement(judgement) | trim ~ ' then 1 end)') -%}
    {%- endfor -%}
with

{{ segmentloom.judged_profiles(definition) }},

counted_members as (

    select judged.profile_id
    from judged
    where judged.is_member

),
{%- for answer in answers %}

answer_{{ loop.index }} as (
{{ answer.sql }}
),
{%- endfor %}

figures as (

    select
        {% for figure in figures -%}
        {{ figure }} as n_{{ loop.index }}{{ ',' if not loop.last }}
        {% endfor %}
    from judged

)

select
    0 as part,
    cast(null as {{ dbt.type_string() }}) as name
    {%- for figure in figures %},
    n_{{ loop.index }}
    {%- endfor %}
from figures
{%- for answer in answers %}
union all
select
    {{ loop.index }},
    {{ answer.columns[0] }}
    {%- for figure in figures %},
    cast({{ answer.columns[loop.index] if loop.index < answer.columns | length else 'null' }} as {{ dbt.type_bigint() }})
    {%- endfor %}
from answer_{{ loop.index }}
{%- endfor %}
{%- endmacro %}
