{#-
    The links that rules refuse now and did not before, or the other way round, of the identifiers that changed. A rule
    can change its mind about links of other profiles: of a device that no longer is a kiosk, say.
-#}
{% macro flipped_refusals(scratch, refused_links) -%}
    select identifier_key, other_key

    from (
        select identifier_key, other_key, rule, 1 as place from {{ refused_links }}
        where identifier_key in (select identifier_key from {{ scratch.relations['changed'] }})
        union all
        select identifier_key, other_key, rule, 2 as place from {{ scratch.relations['refusals'] }}
    ) as refusals

    group by identifier_key, other_key, rule

    having min(place) = max(place)
{%- endmacro %}
