{#-
    A select of the latest value of each attribute over the owners of a profile: component_key, attribute_kind,
    attribute_name, attribute_value. `identifiers` has rows of the identity map, of whole profiles.
-#}
{% macro latest_attributes(identifiers) -%}
    {%- set columns = ['component_key', 'attribute_kind', 'attribute_name', 'attribute_value'] -%}
    {%- set attributes -%}
        select identifiers.component_key, owner_attributes.*

        from {{ identifiers }} as identifiers
        inner join {{ ref('int_segmentloom__owner_attributes') }} as owner_attributes
            on owner_attributes.owner_key = identifiers.identifier_key
    {%- endset %}
    {#- Few profiles have several owners that say something; only theirs have to be compared. -#}
    {%- set compared -%}
        select component_key from ({{ attributes }}) as attributes group by component_key having min(owner_key) < max(owner_key)
    {%- endset -%}
    select {{ columns | join(', ') }}

    from ({{ attributes }}) as attributes

    where component_key not in ({{ compared }})

    union all

    select {{ columns | join(', ') }}

    from (
        select *

        from ({{ attributes }}) as attributes

        where component_key in ({{ compared }})

        qualify row_number() over (
            partition by component_key, attribute_kind, attribute_name
            order by {{ segmentloom.attribute_order() }}
        ) = 1
    ) as latest
{%- endmacro %}

{#-
    The order by of a window over values of one attribute, the latest first. It is the same over the events of an owner
    and over the owners of a profile: so the latest of a profile is the latest of those that its owners have.
-#}
{% macro attribute_order() -%}
    occurred_at desc,
    case when attribute_kind = 'phone' then attribute_value end desc,
    source_id desc,
    event_id desc,
    rank_on_event,
    attribute_value desc
{%- endmacro %}
