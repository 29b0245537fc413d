{#-
    A query of the latest value of each attribute over the owners of a profile: component_key, attribute_kind,
    attribute_name, attribute_value. `identifiers` has rows of the identity map, of whole profiles.
-#}
{% macro latest_attributes(identifiers) -%}
    {%- set columns = 'component_key, attribute_kind, attribute_name, attribute_value' -%}
    with

    owned as (

        select identifiers.component_key, owner_attributes.*

        from {{ identifiers }} as identifiers
        inner join {{ ref('int_segmentloom__owner_attributes') }} as owner_attributes
            on owner_attributes.owner_key = identifiers.identifier_key

    ),

    {#- Most profiles have one owner that says something: nothing to compare. -#}
    compared as (

        select component_key from owned

        group by component_key

        having min(owner_key) < max(owner_key)

    ),

    latest as (

        select *

        from owned

        where component_key in (select component_key from compared)

        qualify row_number() over (
            partition by component_key, attribute_kind, attribute_name
            order by {{ segmentloom.attribute_order() }}
        ) = 1

    )

    select {{ columns }} from owned

    where component_key not in (select component_key from compared)

    union all

    select {{ columns }} from latest
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
