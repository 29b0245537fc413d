{#-
    The links that held former profiles together and whose ends are in different profiles now. A link is the cause of
    one identifier, and both of its ends were in the same profile.
-#}
{% macro torn_links(moves) -%}
    select
        moves.former_profile_id,
        moves.age,
        one.profile_id as one_profile_id,
        other.profile_id as other_profile_id,
        one.identifier_key,
        other.identifier_key as other_key,
        one.identifier_type,
        one.identifier_value,
        other.identifier_type as other_type,
        other.identifier_value as other_value

    from {{ moves }} as moves
    inner join {{ moves }} as one on one.identifier_key = moves.former_cause_identifier_key
    inner join {{ moves }} as other on other.identifier_key = moves.former_cause_other_key

    where coalesce(one.profile_id, '') <> coalesce(other.profile_id, '')
{%- endmacro %}
