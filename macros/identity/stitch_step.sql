{#-
    What stitching has to do now:

    is_full      derive every profile, not only those that something touches
    from_batch   the last batch of events that the profiles follow
    to_batch     the last batch that all that is kept by identifier has taken in
    generation   of the events
    from_generation, begun_at   where the profiles are as the step begins
    rules        a digest of the limits: other limits derive every profile again
    has_former   there are profiles already
    overrides    decisions on links that no run has applied yet, their ids
    change       the number of this change of the profiles
-#}
{% macro stitch_step(identity_map) -%}
    {%- set own_name, feed_name = model.name, 'int_segmentloom__profile_changes' -%}
    {#- What profiles are made of besides must not lag behind: the feed of changes would have passed by then. -#}
    {%- set folds = [
        'int_segmentloom__sightings', 'int_segmentloom__event_links', 'int_segmentloom__alias_events',
        'int_segmentloom__owner_attributes',
    ] -%}
    {%- set known = segmentloom.progress_of(folds + [own_name, feed_name]) -%}
    {%- set generations, batches = [], [] -%}
    {%- for fold in folds -%}
        {%- do generations.append(known.get(fold, {}).get('generation')) -%}
        {%- do batches.append(known.get(fold, {}).get('batch', 0)) -%}
    {%- endfor -%}
    {%- if generations | unique | list | length > 1 or generations[0] is none -%}
        {{ exceptions.raise_compiler_error(
            'segmentloom: ' ~ folds | join(', ') ~ ' are not built from the same events; build them first, with dbt build -s +'
            ~ own_name
        ) }}
    {%- endif -%}
    {%- set rules = local_md5(model.raw_code ~ segmentloom.identity_limits() ~ segmentloom.state_version()) -%}
    {%- set own = known.get(own_name) -%}
    {%- set overrides = [] -%}
    {%- for row in run_query(
        'select override_id from ' ~ ref('segmentloom__identity_overrides') ~ ' where applied_run_id is null'
    ).rows -%}
        {%- do overrides.append(row[0]) -%}
    {%- endfor -%}
    {%- set is_full = flags.FULL_REFRESH or own is none or own.generation != generations[0] or own.rules != rules -%}
    {{ return({
        'is_full': is_full,
        'has_former': not is_full or run_query('select count(*) from ' ~ identity_map).rows[0][0] > 0,
        'from_generation': own.generation if own else none,
        'begun_at': own.batch if own else 0,
        'from_batch': 0 if is_full else own.batch,
        'to_batch': batches | min,
        'generation': generations[0],
        'rules': rules,
        'overrides': overrides,
        'change': known.get(feed_name, {}).get('batch', 0) + 1,
        'change_generation': invocation_id if is_full else known[feed_name].generation,
    }) }}
{%- endmacro %}

{# The limits of the guards, checked: whole numbers, 0 refuses everything that it can. #}
{% macro identity_limits() -%}
    {%- set limits = {} -%}
    {%- for name in ['max_users_per_email', 'max_users_per_device', 'max_identifiers_per_profile'] -%}
        {%- set value = var('segmentloom_' ~ name) -%}
        {%- if value is not integer or value is boolean or value < 0 -%}
            {{ exceptions.raise_compiler_error(
                'segmentloom: var segmentloom_' ~ name ~ ' is ' ~ value ~ '; it takes a whole number, 0 or more'
            ) }}
        {%- endif -%}
        {%- do limits.update({name: value}) -%}
    {%- endfor -%}
    {{ return(limits) }}
{%- endmacro %}
