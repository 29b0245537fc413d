{#-
    What evaluating the conditions has to do now.

    is_full          for every profile
    as_of            the time that the counts are of; the conditions are of no other
    profiles, counts   the feeds of changed profiles and counts: {generation, from_batch, to_batch}
    generation, begun_at, known_as_of   where the model is as the step begins
    rules            a digest of the columns
    change           the number of this change of conditions
    change_generation   of the feed of changed conditions
-#}
{% macro condition_step(plan) -%}
    {%- set feeds = {'profiles': 'int_segmentloom__profile_changes', 'counts': 'int_segmentloom__count_changes'} -%}
    {%- set counts_name, changes_name = 'int_segmentloom__event_counts', 'int_segmentloom__condition_changes' -%}
    {%- set progress = segmentloom.progress_of(
        feeds.values() | list + [counts_name, changes_name, 'segmentloom__profiles', model.name, model.name ~ ' of counts']
    ) -%}
    {%- set profiles = progress.get(feeds.profiles, {'generation': '', 'batch': 0}) -%}
    {%- set counts, counted = progress.get(feeds.counts), progress.get(counts_name) -%}
    {%- set built = progress.get('segmentloom__profiles', {}) -%}
    {%- if counted is none or not counted.generation or built.get('generation') != profiles.generation or built.batch != profiles.batch -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: the profiles or the counts of their events are not built; build them first, with dbt build -s +' ~ model.name
        ) }}
    {%- endif -%}
    {%- set is_other = segmentloom.counter_digests(plan) != segmentloom.known_digests() -%}
    {%- set is_past = plan.direct and segmentloom.time_text(counted.watermark) != segmentloom.time_text(segmentloom.parsed_time(segmentloom.as_of_text())) -%}
    {%- if is_other or is_past -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: events were counted for ' ~ ('other audiences' if is_other else 'another time')
            ~ '; count them with this run, with dbt build -s +' ~ model.name
        ) }}
    {%- endif -%}
    {%- set own, of_counts = progress.get(model.name), progress.get(model.name ~ ' of counts') -%}
    {%- set rules = local_md5(model.raw_code ~ segmentloom.state_version() ~ plan.leaves.keys() | sort | join(' ')) -%}
    {%- set is_full = flags.FULL_REFRESH or own is none or of_counts is none or own.rules != rules
        or own.generation != profiles.generation or of_counts.generation != counts.generation or not load_relation(this) -%}
    {{ return({
        'is_full': is_full,
        'as_of': segmentloom.time_text(counted.watermark),
        'profiles': {'generation': profiles.generation, 'from_batch': own.batch if own else 0, 'to_batch': profiles.batch},
        'counts': {'generation': counts.generation, 'from_batch': of_counts.batch if of_counts else 0, 'to_batch': counts.batch},
        'generation': own.generation if own else none,
        'begun_at': own.batch if own else 0,
        'known_as_of': segmentloom.time_text(own.watermark) if own and own.watermark,
        'rules': rules,
        'change': progress.get(changes_name, {}).get('batch', 0) + 1,
        'change_generation': invocation_id if is_full else progress[changes_name].generation,
    }) }}
{%- endmacro %}

{# The statements that say how far the conditions have come. #}
{% macro condition_progress(step) -%}
    {{ return(
        segmentloom.progress_statements(model.name, step.profiles.generation, step.profiles.to_batch, step.rules, step.as_of)
        + segmentloom.progress_statements(model.name ~ ' of counts', step.counts.generation, step.counts.to_batch)
        + segmentloom.progress_statements('int_segmentloom__condition_changes', step.change_generation, step.change)
    ) }}
{%- endmacro %}

{# The profiles whose conditions may have changed, those that are no more included. #}
{% macro touched_profiles(step, plan, scratch, target_relation) -%}
    select profile_id from ({{ segmentloom.changed_profiles(step.profiles) }}) as changed

    union distinct

    select profile_id from {{ ref('int_segmentloom__identity_map') }}
    where identifier_key in (
        select owner_key from {{ ref('int_segmentloom__count_changes') }}
        where batch > {{ step.counts.from_batch }} and batch <= {{ step.counts.to_batch }}
    )
    {%- if plan.direct %}

    union distinct

    select direct.profile_id from {{ scratch.relations['direct'] }} as direct
    inner join {{ target_relation }} as known on known.profile_id = direct.profile_id
    where {% for column in plan.direct %}{{ 'or ' if not loop.first }}known.{{ column }} <> direct.{{ column }} {% endfor %}
    {%- endif %}
{%- endmacro %}

{# The identifiers of those profiles. #}
{% macro touched_owners(scratch) -%}
    select identifier_key, component_key, profile_id from {{ ref('int_segmentloom__identity_map') }}
    where profile_id in (select profile_id from {{ scratch.relations['touched'] }})
{%- endmacro %}

{# And their counts. #}
{% macro touched_counts(scratch) -%}
    select counts.* from {{ ref('int_segmentloom__event_counts') }} as counts
    inner join {{ scratch.relations['owners'] }} as owners on owners.identifier_key = counts.owner_key
{%- endmacro %}
