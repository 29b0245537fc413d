{#-
    The rows that `profile_merges` gets: what became of the profiles that were touched.

    merge    a profile ceased to be one of its own; an identifier without one counts as a profile of itself
    rename   a profile goes on under the id of an older identifier
    split    a part of a profile is now another, or in another
-#}
{% macro profile_history(step, scratch) -%}
with

moves as (

    select
        touched.*,
        stitched.profile_id,
        stitched.component_key,
        stitched.cause_identifier_key,
        stitched.cause_other_key

    from {{ scratch.relations['touched'] }} as touched
    left join {{ scratch.relations['rows'] }} as stitched on stitched.identifier_key = touched.identifier_key

),

{% if step.has_former -%}
{{ segmentloom.profile_endings(scratch) }},

{{ segmentloom.profile_splits(step, scratch) }},

{% endif -%}
joined as (

    {{ segmentloom.joined_newcomers('moves', scratch.relations['links']) }}
    {%- if step.has_former %}

    union all

    select * from ended
    {%- endif %}

),

{# Whoever brought a link back is behind the merge. -#}
decided as (

    {{ segmentloom.latest_decisions(
        'override_id in (' ~ segmentloom.text_list(step.overrides) ~ ") and action = 'remerge'"
    ) }}

),

final as (

    select
        joined.kind,
        joined.surviving_profile_id,
        joined.absorbed_profile_id,
        joined.former_profile_id,
        joined.identifier_type,
        joined.identifier_value,
        joined.other_type,
        joined.other_value,
        joined.source_id,
        joined.event_id,
        joined.rule,
        decided.reason,
        decided.requested_by

    from joined
    left join decided
        on
            least(decided.one_key, decided.two_key) = least(joined.identifier_key, joined.other_key)
            and greatest(decided.one_key, decided.two_key) = greatest(joined.identifier_key, joined.other_key)
    {%- if step.has_former %}

    union all

    select * from parted
    {%- endif %}

)

select
    {{ dbt.hash("'" ~ invocation_id ~ "' || kind || surviving_profile_id || absorbed_profile_id || coalesce(former_profile_id, '')") }} as merge_id,
    {{ segmentloom.timestamp_literal(segmentloom.run_time()) }} as happened_at,
    kind,
    surviving_profile_id,
    absorbed_profile_id,
    identifier_type,
    identifier_value,
    other_type,
    other_value,
    source_id,
    event_id,
    rule,
    '{{ invocation_id }}' as run_id,
    reason,
    requested_by

from final
{%- endmacro %}
