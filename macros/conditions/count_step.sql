{#-
    What counting has to do now.

    as_of        the time that windows end at, ISO text
    known        as which the counts are: {as_of, batch}, the last batch of events that they know
    is_full      count everything
    has_columns  how many columns of counts the table has
    counters     event -> digest of what is counted of it
    stale        names of events whose counts are of other things than are asked for now, or are missing
    gone         names of events that nothing counts any more
    newly_followed   conditions that the feed of changed counts tells of from this change on
    unfollowed   those that it tells of no more, or once more from the beginning
    from_batch, to_batch, generation, rules, has_retractions   as in `fold_step`
    change       the number of this change of counts
    change_generation   of the feed of changed counts
-#}
{% macro count_step(plan) -%}
    {%- set feed_name, changes_name = 'segmentloom__events', 'int_segmentloom__count_changes' -%}
    {%- set progress = segmentloom.progress_of([feed_name, model.name, changes_name]) -%}
    {%- set feed, own = progress.get(feed_name, {'generation': '', 'batch': 0}), progress.get(model.name) -%}
    {%- set rules = local_md5(model.raw_code ~ segmentloom.state_version() ~ var('segmentloom_time_zone', 'UTC')) -%}
    {%- set as_of = segmentloom.time_text(segmentloom.parsed_time(segmentloom.as_of_text())) -%}
    {%- set known_as_of = segmentloom.time_text(own.watermark) if own and own.watermark -%}
    {%- set counters = segmentloom.counter_digests(plan) -%}
    {#- Windows slide forward only; to look back is to count anew. -#}
    {%- set step = {
        'as_of': as_of,
        'known': {'as_of': known_as_of, 'batch': own.batch if own else 0},
        'is_full': flags.FULL_REFRESH or own is none or own.generation != feed.generation or own.rules != rules
            or not known_as_of or as_of < known_as_of or not load_relation(this),
        'has_columns': plan.width,
        'counters': counters,
        'stale': counters.keys() | list,
        'gone': [],
        'newly_followed': segmentloom.followed_columns(plan),
        'unfollowed': [],
        'from_batch': own.batch if own else 0,
        'to_batch': feed.batch,
        'generation': feed.generation,
        'rules': rules,
        'has_retractions': false,
        'change': progress.get(changes_name, {}).get('batch', 0) + 1,
        'change_generation': invocation_id,
    } -%}
    {%- if known_as_of and as_of < known_as_of -%}
        {%- do log(
            'segmentloom: all events are counted anew: ' ~ as_of ~ ' lies before the last evaluation, of ' ~ known_as_of,
            info=true,
        ) -%}
    {%- endif -%}
    {%- if not step.is_full -%}
        {%- do segmentloom.compare_counters(step) -%}
        {%- do segmentloom.compare_followed(step, plan) -%}
        {%- do step.update({'change_generation': progress[changes_name].generation}) -%}
    {%- endif -%}
    {{ return(step) }}
{%- endmacro %}

{# A digest of what a plan counts of each event: event -> digest. #}
{% macro counter_digests(plan) -%}
    {%- set digests = {} -%}
    {%- for event, listed in plan.counted.items() -%}
        {%- do digests.update({event: local_md5(tojson(listed | map(attribute='key') | list))}) -%}
    {%- endfor -%}
    {{ return(digests) }}
{%- endmacro %}

{# What the counts in the warehouse are of: event -> digest. #}
{% macro known_digests() -%}
    {%- set known = {} -%}
    {%- for row in run_query('select event, counters from ' ~ segmentloom.state_relation('counted_events')).rows -%}
        {%- do known.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{ return(known) }}
{%- endmacro %}

{# What the counts are of so far, beside what is asked for. #}
{% macro compare_counters(step) -%}
    {%- set known, stale, gone = segmentloom.known_digests(), [], [] -%}
    {%- for event, digest in step.counters.items() if known.get(event) != digest -%}{%- do stale.append(event) -%}{%- endfor -%}
    {%- for event in known if event not in step.counters -%}{%- do gone.append(event) -%}{%- endfor -%}
    {%- do step.update({
        'stale': stale,
        'gone': gone,
        'has_columns': run_query('select * from ' ~ this ~ ' limit 0').columns | length - 2,
        'has_retractions': step.from_batch < step.to_batch
            and run_query('select count(*) from ' ~ segmentloom.retractions(step)).rows[0][0] > 0,
    }) -%}
{%- endmacro %}
