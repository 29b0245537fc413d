{#-
    Why a delivery does not count by the var `segmentloom_exclude_events`, as text; null when it does. Over the columns of
    a delivery. Each rule has a name and conditions, all of which must hold:

    sources         source_ids
    event           names of events
    user_agent      a pattern that the browser's name contains, in any case; `bots` for one of known bots
    email_domain    what stands after the @
    user_id, anonymous_id, ip
    where           a list of {property: path, <operator>: value} or {context: ...}, with the operators of audiences
-#}
{% macro exclusion() -%}
    {%- set rules = var('segmentloom_exclude_events', none) or [] -%}
    {%- if not rules -%}
        {{ return('cast(null as ' ~ dbt.type_string() ~ ')') }}
    {%- endif -%}
    case
        {%- for rule in rules %}
        when {{ segmentloom.exclusion_rule(rule) }} then {{ segmentloom.literal('excluded: ' ~ rule.name) }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro exclusion_rule(rule) -%}
    {%- if rule is not mapping or rule.get('name') is not string -%}
        {{ exceptions.raise_compiler_error("segmentloom_exclude_events: every rule needs a 'name'; add one, rejected events say it") }}
    {%- endif -%}
    {%- set known = {
        'sources': 'source_id', 'user_id': 'user_id', 'anonymous_id': 'anonymous_id',
        'event': "case type when 'page' then 'Page Viewed' when 'screen' then 'Screen Viewed' when 'track' then event end",
        'ip': segmentloom.json_raw_text('context', ['ip']),
    } -%}
    {%- set tests = [] -%}
    {%- for key, value in rule.items() if key != 'name' -%}
        {%- if not value -%}
            {{ segmentloom.exclusion_problem(rule, key, 'is empty; give it a value, or leave it out') }}
        {%- elif key in known -%}
            {%- set values = [value] if value is string else value -%}
            {%- do tests.append('coalesce(' ~ known[key] ~ ' in (' ~ segmentloom.exclusion_values(rule, key, values) ~ '), false)') -%}
        {%- elif key == 'email_domain' -%}
            {%- do tests.append(segmentloom.has_email_domain(rule, [value] if value is string else value)) -%}
        {%- elif key == 'user_agent' and value is string -%}
            {%- do tests.append(segmentloom.has_user_agent(value)) -%}
        {%- elif key == 'where' and value is sequence and value is not string and value is not mapping -%}
            {%- for condition in value -%}{%- do tests.append(segmentloom.exclusion_condition(rule, condition)) -%}{%- endfor -%}
        {%- else -%}
            {{ segmentloom.exclusion_problem(rule, key, 'is not known or no text; a rule has name, ' ~ known.keys() | join(', ') ~ ', email_domain, user_agent, where') }}
        {%- endif -%}
    {%- endfor -%}
    {%- if not tests -%}
        {{ segmentloom.exclusion_problem(rule, 'name', 'stands alone, which would exclude everything; add a condition') }}
    {%- endif -%}
    {{ return('(' ~ tests | join(' and ') ~ ')') }}
{%- endmacro %}

{% macro exclusion_values(rule, key, values) -%}
    {%- if values is mapping or values is number or values is boolean -%}
        {{ segmentloom.exclusion_problem(rule, key, 'is neither text nor a list; write `' ~ key ~ ': [...]`') }}
    {%- endif -%}
    {%- set literals = [] -%}
    {%- for value in values -%}
        {%- do literals.append(segmentloom.literal(value | string)) -%}
    {%- endfor -%}
    {{ return(literals | join(', ')) }}
{%- endmacro %}

{% macro has_email_domain(rule, domains) -%}
    {%- set tests = [] -%}
    {%- for domain in domains -%}
        {%- if domain is not string or not modules.re.match('[A-Za-z0-9.-]+$', domain) -%}
            {{ segmentloom.exclusion_problem(rule, 'email_domain', 'has an entry that is no domain; write `email_domain: [example.com]`') }}
        {%- endif -%}
        {%- do tests.append('email like ' ~ segmentloom.literal('%@' ~ domain | lower)) -%}
    {%- endfor -%}
    {{ return('coalesce(' ~ tests | join(' or ') ~ ', false)') }}
{%- endmacro %}

{# Whether the browser's name, which senders write in one of two ways, contains a pattern. #}
{% macro has_user_agent(pattern) -%}
    {%- set known = 'bot|crawl|spider|slurp|headless|lighthouse|pingdom|phantomjs|facebookexternalhit|preview|monitor|python-requests|curl/|wget/' -%}
    {%- set wanted = known if pattern == 'bots' else pattern | lower -%}
    {%- set name = 'lower(coalesce(' ~ segmentloom.json_raw_text('context', ['userAgent']) ~ ', '
        ~ segmentloom.json_raw_text('context', ['user_agent']) ~ ", ''))" -%}
    {{ return(segmentloom.matches_fully(name, '.*(' ~ wanted ~ ').*')) }}
{%- endmacro %}

{% macro exclusion_condition(rule, condition) -%}
    {%- set places = {'property': 'properties', 'context': 'context', 'trait': 'traits'} -%}
    {%- for key, column in places.items() if condition is mapping and key in condition -%}
        {%- set operators = {} -%}
        {%- for name, value in condition.items() if name != key -%}{%- do operators.update({name: value}) -%}{%- endfor -%}
        {%- set path = condition[key].split('.') if condition[key] is string else condition[key] -%}
        {{ return('(' ~ segmentloom.compare(column, path, operators) ~ ')') }}
    {%- endfor -%}
    {{ segmentloom.exclusion_problem(rule, 'where', 'has an entry without property, context or trait; write `- {property: environment, is: staging}`') }}
{%- endmacro %}

{% macro exclusion_problem(rule, key, problem) -%}
    {{ exceptions.raise_compiler_error("segmentloom_exclude_events: rule '" ~ rule.name ~ "': " ~ key ~ ' ' ~ problem) }}
{%- endmacro %}
