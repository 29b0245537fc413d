{# The visitor of a Snowplow event. #}
{% macro snowplow_visitor(source, table) -%}
    {%- if source.get('anonymous_id') -%}
        {{ return(segmentloom.text_of(table, [source.anonymous_id | lower])) }}
    {%- endif -%}
    {%- set ids = [segmentloom.text_of(table, ['domain_userid'])] -%}
    {%- for name, column in table.columns.items() if name.startswith('contexts_com_snowplowanalytics_snowplow_client_session_1') -%}
        {%- set session = '(' ~ segmentloom.json_from_text(segmentloom.json_first_text(segmentloom.json_of(column))) ~ ')' -%}
        {%- do ids.append(segmentloom.json_raw_text(session, ['userId'])) -%}
        {%- do ids.append(segmentloom.json_raw_text(session, ['user_id'])) -%}
    {%- endfor -%}
    {{ return(segmentloom.first_of(ids | select | list)) }}
{%- endmacro %}

{# JSON text of the properties: of a structured event its fields, of a self-describing one its data, else those of the page. #}
{% macro snowplow_properties(table, event) -%}
    {%- set structured = segmentloom.json_object_text(segmentloom.entries_of(table, {
        'category': 'se_category', 'label': 'se_label', 'property': 'se_property', 'value': 'se_value',
    })) -%}
    {%- set page = segmentloom.json_object_text(segmentloom.entries_of(table, {
        'url': 'page_url', 'path': 'page_urlpath', 'title': 'page_title', 'referrer': 'page_referrer',
        'order_id': 'tr_orderid', 'total': 'tr_total', 'currency': 'tr_currency', 'sku': 'ti_sku', 'name': 'ti_name',
        'price': 'ti_price', 'quantity': 'ti_quantity',
    })) -%}
    {%- set described = [] -%}
    {%- for name, column in table.columns.items() if name.startswith('unstruct_event_') -%}
        {%- do described.append('nullif(' ~ segmentloom.json_of(column) ~ ", 'null')") -%}
    {%- endfor -%}
    {{ return(
        'case ' ~ event ~ " when 'struct' then " ~ structured
        ~ " when 'unstruct' then coalesce(" ~ (described + ["'{}'"]) | join(', ') ~ ') else ' ~ page ~ ' end'
    ) }}
{%- endmacro %}

{# JSON text of the context: what the tracker says, and every context under its name. #}
{% macro snowplow_context(source, table) -%}
    {%- set context = segmentloom.entries_of(table, {
        'ip': 'user_ipaddress', 'user_agent': 'useragent', 'app_id': 'app_id', 'platform': 'platform',
        'session_id': 'domain_sessionid', 'locale': 'br_lang', 'timezone': 'os_timezone',
    }) -%}
    {%- set attached = {} -%}
    {%- for name, column in table.columns.items() if name.startswith('contexts_') -%}
        {%- do attached.update({name[9:]: 'nullif(' ~ segmentloom.json_of(column) ~ ", 'null')"}) -%}
    {%- endfor -%}
    {%- do context.update({
        'campaign': segmentloom.inner_object(segmentloom.entries_of(table, {
            'source': 'mkt_source', 'medium': 'mkt_medium', 'name': 'mkt_campaign', 'term': 'mkt_term', 'content': 'mkt_content',
        })),
        'library': segmentloom.inner_object(segmentloom.entries_of(table, {'name': 'name_tracker', 'version': 'v_tracker'})),
        'location': segmentloom.inner_object(segmentloom.entries_of(table, {
            'city': 'geo_city', 'country': 'geo_country', 'region': 'geo_region_name',
        })),
        'page': segmentloom.inner_object(segmentloom.entries_of(table, {
            'url': 'page_url', 'path': 'page_urlpath', 'title': 'page_title', 'referrer': 'page_referrer',
        })),
        'contexts': segmentloom.inner_object(attached),
    }) -%}
    {%- if source.get('traits') -%}
        {%- set column = table.columns[source.traits | lower] -%}
        {%- do context.update({'traits': segmentloom.json_first_text('nullif(' ~ segmentloom.json_of(column) ~ ", 'null')")}) -%}
    {%- endif -%}
    {{ return(segmentloom.json_object_text(context)) }}
{%- endmacro %}
