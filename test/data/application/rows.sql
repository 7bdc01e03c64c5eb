-- 6,000 runs and 4,875 deliveries of that application: 487 or so pending, the others over.
insert into users (provider_id,email) select 'u'||g, 'u'||g||'@example.com' from generate_series(1,20) g;
insert into organizations (provider_id, created_at) select 'org'||g, now() from generate_series(1,12) g;
insert into workflows (workflow_uuid,user_id,organization_id,name,workflow_definition,template_context_variables,call_disposition_codes,created_at)
 select gen_random_uuid()::text, 1+g%20, case when g%40=0 then null else 1+g%12 end, 'Agent '||g, '{}','{}','{}', now() from generate_series(1,200) g;
insert into workflow_definitions (workflow_json,workflow_id,is_current) select '{"nodes":[],"edges":[]}', g, true from generate_series(1,200) g;
insert into campaigns (name,organization_id) select 'C'||g, 1+g%12 from generate_series(1,10) g;
insert into workflow_runs (name,workflow_id,definition_id,mode,usage_info,cost_info,initial_context,gathered_context,annotations,created_at,campaign_id)
 select 'WR-TEL-OUT-'||g, 1+g%200, 1+g%200, (array['twilio','plivo','telnyx','ari','textchat'])[1+g%5], '{"call_duration_seconds":42.5}', '{"total_cost_usd":0.0123}', '{"phone_number":"+4915112345678"}', '{"call_disposition":"user_hangup"}', '{}', now()-(6000-g)*interval '1 minute', case when g%7=0 then 1+g%10 end from generate_series(1,6000) g;
insert into webhook_deliveries (delivery_uuid,workflow_run_id,organization_id,webhook_name,endpoint_url,http_method,payload,custom_headers,credential_uuid,webhook_node_id,status,attempt_count,max_attempts,scheduled_for,last_status_code,last_error,created_at,updated_at)
 select gen_random_uuid()::text, r.id, w.organization_id, 'Final Webhook', 'http://127.0.0.1:9/hook', 'POST', json_build_object('run_id', r.id::text, 'call_disposition','user_hangup'), case when r.id%3=0 then '[{"key":"X-Source","value":"dograh"}]'::json end, case when r.id%4=0 then gen_random_uuid()::text end, 'webhook-1',
 (case when r.id%10=0 then 'pending' when r.id%25=1 then 'dead_letter' else 'succeeded' end)::webhook_delivery_status,
 case when r.id%10=0 then r.id%4 when r.id%25=1 then 5 else 1 end::int, 5, case when r.id%10=0 then now()+ (r.id%600)*interval '1 second' end, case when r.id%25=1 then 503 when r.id%10<>0 then 200 end, case when r.id%25=1 then 'HTTP 503: upstream' end, r.created_at, r.created_at
 from workflow_runs r join workflows w on w.id=r.workflow_id where w.organization_id is not null and r.id>1000;
analyze;
