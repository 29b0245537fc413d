{#-
    The links that hold profiles together and have one end in a former profile, and the other not; of those between two
    former profiles, one row for each.
-#}
{% macro profile_crossings(moves, links) -%}
    select
        ends.former_profile_id,
        ends.profile_id,
        ends.causes_key,
        links.*

    from (
        {% for near, far in [('one', 'other'), ('other', 'one')] -%}
        {{ 'union all ' if not loop.first }}select
            {{ near }}.former_profile_id,
            {{ far }}.former_profile_id as far_profile_id,
            causes.profile_id,
            causes.identifier_key as causes_key,
            causes.cause_identifier_key,
            causes.cause_other_key

        from {{ moves }} as causes
        inner join {{ moves }} as one on one.identifier_key = causes.cause_identifier_key
        inner join {{ moves }} as other on other.identifier_key = causes.cause_other_key

        {% endfor -%}
    ) as ends
    inner join {{ links }} as links
        on
            links.identifier_key = ends.cause_identifier_key
            and links.other_key = ends.cause_other_key

    where
        ends.former_profile_id is not null
        and ends.former_profile_id <> coalesce(ends.far_profile_id, '')
{%- endmacro %}
