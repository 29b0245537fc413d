{#-
    The latest decision about each link, of the overrides that a condition lets in: all columns of `identity_overrides`,
    and the keys of its two identifiers in the order in which somebody named them.
-#}
{% macro latest_decisions(condition='true') -%}
    select * from (
        select
            *,
            {{ segmentloom.graph_key('identifier_type', 'identifier_value') }} as one_key,
            {{ segmentloom.graph_key('other_type', 'other_value') }} as two_key

        from {{ ref('segmentloom__identity_overrides') }}

        where {{ condition }}
    ) as decisions

    where true

    qualify row_number() over (
        partition by least(one_key, two_key), greatest(one_key, two_key)
        order by decided_at desc, override_id desc
    ) = 1
{%- endmacro %}
