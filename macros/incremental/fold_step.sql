{#-
    What a model that folds a feed in has to do now. The feed is the events, or what meta.feed names.

    is_full           build its rows from everything
    from_batch        the last batch that it has folded in
    to_batch          the last batch of the feed
    generation        of the feed
    rules             a digest of the model's text, meta.rules, `found` and the rules of the models in meta.after: with a
                      change of any a model starts from nothing; so it does with another state_version
    has_retractions   some events of former batches no longer count

    found: what else the rows are made by, as the model finds it in the warehouse
-#}
{% macro fold_step(found=none) -%}
    {%- set meta = config.get('meta') or {} -%}
    {%- set feed_name, after = meta.get('feed', 'segmentloom__events'), meta.get('after', []) -%}
    {%- set known = segmentloom.progress_of([feed_name, model.name] + after) -%}
    {%- set feed = known.get(feed_name, {'generation': '', 'batch': 0}) -%}
    {%- set own = known.get(model.name) -%}
    {%- set parts = [model.raw_code, meta.get('rules'), segmentloom.state_version()] -%}
    {%- for name in after -%}{%- do parts.append(known.get(name, {}).get('rules')) -%}{%- endfor -%}
    {%- if found -%}{%- do parts.append(found) -%}{%- endif -%}
    {%- set rules = local_md5(tojson(parts)) -%}
    {%- set is_full = (
        flags.FULL_REFRESH
        or own is none
        or own.generation != feed.generation
        or own.rules != rules
        or not load_relation(this)
    ) -%}
    {%- set step = {
        'is_full': is_full,
        'from_batch': 0 if is_full else own.batch,
        'to_batch': segmentloom.batch_of_all(feed_name, feed, known, after),
        'generation': feed.generation,
        'rules': rules,
        'has_retractions': false,
    } -%}
    {%- if feed_name == 'segmentloom__events' and not is_full and step.from_batch < step.to_batch -%}
        {%- set retractions = run_query('select count(*) from ' ~ segmentloom.retractions(step)).rows[0][0] -%}
        {%- do step.update({'has_retractions': retractions > 0}) -%}
    {%- endif -%}
    {{ return(step) }}
{%- endmacro %}

{#-
    How far a step can go: as far as its feed, but no farther than a model in `after` that follows the same feed. Without
    this, what is made of stale rows would count as up to date for good.
-#}
{% macro batch_of_all(feed_name, feed, known, after) -%}
    {%- set batches = [feed.batch] -%}
    {%- for name in after if name in segmentloom.followers(feed_name) and flags.WHICH in ['build', 'run']
        and model.resource_type != 'unit_test' and not segmentloom.is_empty_run() -%}
        {%- set reached = known.get(name, {}) -%}
        {%- if reached.get('generation') != feed.generation -%}
            {{ exceptions.raise_compiler_error(
                'segmentloom: ' ~ name ~ ' is not built from what ' ~ model.name ~ ' follows; build it first, with dbt build -s +'
                ~ model.name
            ) }}
        {%- endif -%}
        {%- do batches.append(reached.batch) -%}
    {%- endfor -%}
    {{ return(batches | min) }}
{%- endmacro %}

{#-
    The events that a step looks at: those it folds in for the first time (is_new), and when some no longer count, all
    others that carry an identifier of those, from which its keys are derived again.
-#}
{% macro events_to_fold(step, events) -%}
    select
        *,
        {{ 'true' if step.is_full else 'batch > ' ~ step.from_batch }} as is_new

    from {{ events }}
    {%- if not step.is_full %}

    where
        batch <= {{ step.to_batch }}
        and (
            batch > {{ step.from_batch }}
            {%- if step.has_retractions %}
            {%- for type in segmentloom.identifier_types() %}
            or {{ type }} in (select {{ type }} from {{ segmentloom.retractions(step) }})
            {%- endfor %}
            {%- endif %}
        )
    {%- endif %}
{%- endmacro %}

{# The events that no longer count since the last step, as they were. #}
{% macro retractions(step) -%}
    {{ return(
        '(select * from ' ~ segmentloom.state_relation('retractions')
        ~ ' where batch > ' ~ step.from_batch ~ ' and batch <= ' ~ step.to_batch ~ ') as retractions'
    ) }}
{%- endmacro %}
