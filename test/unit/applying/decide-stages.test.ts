import { describe, expect, it } from 'vitest';
import { decideStages, groupsBroughtBy, serversOf, STAGES } from '../../../src/applying/decide-stages.ts';
import type { KubeObject } from '../../../src/kubernetes/api.ts';

function object(apiVersion: string, kind: string, name: string, more: object = {}): KubeObject {
  return { apiVersion, kind, metadata: { name }, ...more };
}

const definition = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'widgets', {
  spec: { group: 'shop.example', names: { kind: 'Widget', plural: 'widgets' } },
});
const widget = object('shop.example/v1', 'Widget', 'one');
const service = object('v1', 'Service', 'hook', { spec: { selector: { app: 'hook' } } });
const server = object('apps/v1', 'Deployment', 'hook', {
  spec: { template: { metadata: { labels: { app: 'hook' } } } },
});
const other = object('apps/v1', 'Deployment', 'web', {
  spec: { template: { metadata: { labels: { app: 'web' } } } },
});

function webhook(kind: string, apiGroups: string[], resources: string[]): KubeObject {
  const clientConfig = { service: { namespace: 'shop', name: 'hook' } };
  return object('admissionregistration.k8s.io/v1', kind, 'gate', {
    webhooks: [{ clientConfig, rules: [{ apiGroups, resources }] }],
  });
}

function stages(objects: KubeObject[], known: KubeObject[] = []): Record<string, string[]> {
  const decided = decideStages(
    objects,
    (each) => each,
    (gate) => known.includes(gate),
  );
  const filled = STAGES.filter((stage) => decided[stage].length > 0);
  return Object.fromEntries(filled.map((stage) => [stage, decided[stage].map(({ metadata }) => metadata.name)]));
}

describe('the stages of a deployment', () => {
  it('begin with namespaces and definitions, and end with what runs', () => {
    const namespace = object('v1', 'Namespace', 'shop');
    const config = object('v1', 'ConfigMap', 'config');
    expect(stages([other, config, widget, definition, namespace])).toEqual({
      foundations: ['widgets', 'shop'],
      settings: ['config'],
      workloads: ['web', 'one'],
    });
  });

  it('let a custom resource wait for the webhook that judges it, and that for its server', () => {
    const gate = webhook('ValidatingWebhookConfiguration', ['shop.example'], ['widgets']);
    expect(stages([widget, gate, server, other, service, definition])).toEqual({
      foundations: ['widgets'],
      settings: ['hook'],
      workloads: ['hook', 'web'],
      gates: ['gate'],
      gated: ['one'],
    });
  });

  it('let it not wait for a webhook of another kind, or one that the cluster has already', () => {
    const another = webhook('ValidatingWebhookConfiguration', ['other.example'], ['*']);
    expect(stages([widget, another])).toEqual({ workloads: ['one'], gates: ['gate'] });
    const gate = webhook('ValidatingWebhookConfiguration', ['*'], ['*']);
    expect(stages([widget, gate], [gate])).toEqual({ workloads: ['one'], gates: ['gate'] });
  });

  it('let workloads wait for a webhook that changes pods, but not its own server', () => {
    const gate = webhook('MutatingWebhookConfiguration', [''], ['pods']);
    expect(stages([server, other, service, gate])).toEqual({
      settings: ['hook'],
      workloads: ['hook'],
      gates: ['gate'],
      gated: ['web'],
    });
    const judging = webhook('ValidatingWebhookConfiguration', [''], ['pods']);
    expect(stages([other, judging])).toEqual({ workloads: ['web'], gates: ['gate'] });
  });

  it('tell kinds by their group', () => {
    expect(stages([object('databases.example/v1', 'Namespace', 'custom')])).toEqual({ workloads: ['custom'] });
  });
});

it('the server of an APIService is its Service', () => {
  const api = object('apiregistration.k8s.io/v1', 'APIService', 'v1.metrics', {
    spec: { group: 'metrics.example', service: { namespace: 'shop', name: 'metrics' } },
  });
  expect(serversOf(api)).toEqual([{ namespace: 'shop', name: 'metrics' }]);
  expect(groupsBroughtBy([api, definition, widget])).toEqual(new Set(['metrics.example', 'shop.example']));
});
