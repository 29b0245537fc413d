{#-
    The rows that `profile_merges` gets: what became of the profiles that were touched.

    merge    a profile ceased to be one of its own; an identifier without one counts as a profile of itself
    rename   a profile goes on under the id of an older identifier
    split    a part of a profile is now another, or in another
-#}
{% macro profile_history(step, scratch) -%}
    {%- set touched, links = scratch.relations['touched'], scratch.relations['links'] -%}
    {%- set text = dbt.type_string() -%}
with

moves as (

    select
        touched.*,
        stitched.profile_id,
        stitched.component_key,
        stitched.cause_identifier_key,
        stitched.cause_other_key

    from {{ touched }} as touched
    left join {{ scratch.relations['rows'] }} as stitched on stitched.identifier_key = touched.identifier_key

),

{# Where a former profile goes on: with its oldest identifier, or when that is gone the oldest that is left. -#}
heirs as (

    select * from moves

    where
        former_profile_id is not null
        and not is_gone

    qualify row_number() over (
        partition by former_profile_id
        order by case when identifier_key = former_component_key then 0 else 1 end, age
    ) = 1

),

renames as (

    select former_profile_id from heirs

    where profile_id not in (select former_profile_id from moves where former_profile_id is not null)

    qualify row_number() over (partition by profile_id order by age) = 1

),

endings as (

    select
        case when renames.former_profile_id is null then 'merge' else 'rename' end as kind,
        heirs.profile_id as surviving_profile_id,
        heirs.former_profile_id as absorbed_profile_id,
        heirs.cause_identifier_key,
        heirs.cause_other_key

    from heirs
    left join renames on renames.former_profile_id = heirs.former_profile_id

    where heirs.profile_id <> heirs.former_profile_id

    union all

    select
        'merge' as kind,
        profile_id as surviving_profile_id,
        {{ segmentloom.profile_id('identifier_type', 'identifier_value') }} as absorbed_profile_id,
        cause_identifier_key,
        cause_other_key

    from moves

    where
        former_profile_id is null
        and not is_gone
        and identifier_key <> component_key

),

joined as (

    select
        endings.kind,
        endings.surviving_profile_id,
        endings.absorbed_profile_id,
        links.identifier_type,
        links.identifier_value,
        links.other_type,
        links.other_value,
        links.source_id,
        links.event_id,
        case when endings.kind = 'rename' then 'older_identifier' else links.rule end as rule,
        cast(null as {{ text }}) as reason,
        cast(null as {{ text }}) as requested_by

    from endings
    left join {{ links }} as links
        on
            links.identifier_key = endings.cause_identifier_key
            and links.other_key = endings.cause_other_key

),

{{ segmentloom.profile_splits(step, scratch) }},

final as (

    select * from joined
    union all
    select * from parted

)

select
    {{ dbt.hash("'" ~ invocation_id ~ "' || ':' || kind || ':' || surviving_profile_id || ':' || absorbed_profile_id") }} as merge_id,
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
