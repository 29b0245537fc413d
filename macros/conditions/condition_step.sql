{#-
    What evaluating the conditions has to do now.

    columns          the conditions, in the order in which they are stored
    is_full          every condition for every profile
    existing         those that the table has, likewise
    anew             columns to work out for every profile: they are new, or the feed of changed counts does not tell for whom
                     they may be others; of those, `known` the table has
    gone             columns that nothing asks for any more
    as_of            the time that the counts are of; the conditions are of no other
    profiles, counts   the feeds of changed profiles and counts: {generation, from_batch, to_batch}
    generation, begun_at, known_as_of   where the model is as the step begins
    rules            a digest of the code
    change           the number of this change of conditions
    is_new_generation, change_generation   of the feed of changed conditions
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
    {%- set has_profiles = built.get('generation') == profiles.generation and built.batch == profiles.batch -%}
    {%- if not has_profiles or counted is none or not counted.generation -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: the profiles or the counts of their events are not built; build them first, with dbt build -s +'
            ~ model.name
        ) }}
    {%- endif -%}
    {%- set followed = segmentloom.followed_conditions() -%}
    {%- if segmentloom.counter_digests(plan) != segmentloom.known_digests()
        or segmentloom.followed_columns(plan) | reject('in', followed) | list -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: events were counted for other audiences; count them with this run, with dbt build -s +' ~ model.name
        ) }}
    {%- endif -%}
    {%- set own, of_counts = progress.get(model.name), progress.get(model.name ~ ' of counts') -%}
    {%- set rules = local_md5(model.raw_code ~ segmentloom.state_version()) -%}
    {%- set is_full = flags.FULL_REFRESH or own is none or of_counts is none or own.rules != rules
        or own.generation != profiles.generation or of_counts.generation != counts.generation
        or not (load_relation(this) or {}).is_view -%}
    {%- set step = {
        'columns': plan.columns,
        'is_full': is_full,
        'existing': [],
        'anew': [],
        'known': [],
        'gone': [],
        'as_of': segmentloom.time_text(counted.watermark),
        'profiles': {'generation': profiles.generation, 'from_batch': own.batch if own else 0, 'to_batch': profiles.batch},
        'counts': {'generation': counts.generation, 'from_batch': of_counts.batch if of_counts else 0, 'to_batch': counts.batch},
        'generation': own.generation if own else none,
        'begun_at': own.batch if own else 0,
        'known_as_of': segmentloom.time_text(own.watermark) if own and own.watermark,
        'rules': rules,
        'change': progress.get(changes_name, {}).get('batch', 0) + 1,
        'is_new_generation': true,
    } -%}
    {%- if not is_full -%}
        {%- do segmentloom.compare_conditions(step, plan, followed) -%}
    {%- endif -%}
    {%- do step.update({'change_generation': invocation_id if step.is_new_generation else progress[changes_name].generation}) -%}
    {{ return(step) }}
{%- endmacro %}

{# The conditions that the table has, beside what is asked for. #}
{% macro compare_conditions(step, plan, followed) -%}
    {%- set existing, anew, dropped = segmentloom.named_conditions(this), [], segmentloom.dropped_conditions() -%}
    {%- for column in step.columns if column not in existing or followed.get(column, 0) > step.counts.from_batch -%}
        {%- do anew.append(column) -%}
    {%- endfor -%}
    {%- do step.update({
        'existing': existing,
        'anew': anew,
        'known': anew | select('in', existing) | list,
        'gone': existing | reject('in', step.columns) | list,
        'is_new_generation': anew | select('in', dropped) | list | length > 0,
    }) -%}
{%- endmacro %}

{# The statements that say how far the conditions have come. #}
{% macro condition_progress(step) -%}
    {{ return(
        segmentloom.progress_statements(model.name, step.profiles.generation, step.profiles.to_batch, step.rules, step.as_of)
        + segmentloom.progress_statements(model.name ~ ' of counts', step.counts.generation, step.counts.to_batch)
        + segmentloom.progress_statements('int_segmentloom__condition_changes', step.change_generation, step.change)
    ) }}
{%- endmacro %}
