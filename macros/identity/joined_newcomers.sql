{# The identifiers that were in no profile before and did not stay alone, each with the link that joined it. #}
{% macro joined_newcomers(moves, links) -%}
    select
        'merge' as kind,
        moves.profile_id as surviving_profile_id,
        {{ segmentloom.profile_id('moves.identifier_type', 'moves.identifier_value') }} as absorbed_profile_id,
        cast(null as {{ dbt.type_string() }}) as former_profile_id,
        links.identifier_key,
        links.other_key,
        links.identifier_type,
        links.identifier_value,
        links.other_type,
        links.other_value,
        links.source_id,
        links.event_id,
        links.rule

    from {{ moves }} as moves
    inner join {{ links }} as links
        on
            links.identifier_key = moves.cause_identifier_key
            and links.other_key = moves.cause_other_key

    where moves.former_profile_id is null
{%- endmacro %}
