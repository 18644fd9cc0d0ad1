// What the events of a span mean: a title, a sentence, and how much they matter.
//
// The names are those of telemetry/span_names.py; any other event is shown under its own name.
import { numberOf, textOf, type Attributes, type SpanEvent } from './model';
import { formatSeconds } from './time';

export type Weight = 'error' | 'warning' | 'info';

export interface EventMeaning {
  readonly title: string;
  /** One sentence; empty where the attributes have to speak for themselves. */
  readonly sentence: string;
  readonly weight: Weight;
  /** Attributes of many lines, to be shown as they are. */
  readonly stack: string;
  /** Another request that the event names. */
  readonly requestId: string;
}

type Reader = (attributes: Attributes) => Omit<EventMeaning, 'stack' | 'requestId'>;

const HUB_KINDS: Readonly<Record<string, string>> = {
  cpu: 'code computed',
  blocked: 'a call that gevent does not know blocked the thread',
  gil: "another thread kept the interpreter's lock",
  frozen: 'the process got no processor',
};
const STACKS = ['hub.stack', 'code.stacktrace', 'exception.stacktrace'];

const READERS: Readonly<Record<string, Reader>> = {
  'hub.held': (a) => ({
    title: 'Held the hub',
    sentence: `This request kept every other one waiting for ${seconds(a, 'hub.seconds')}: ${hubKind(a)}${inCode(a)}.`,
    weight: 'warning',
  }),
  'hub.waited': (a) => ({
    title: 'Waited for the hub',
    sentence: `Waited ${seconds(a, 'hub.seconds')}${culprit(a)}: ${hubKind(a)}${inCode(a)}.`,
    weight: 'warning',
  }),
  'db.slow_command': (a) => ({
    title: 'Slow command',
    sentence:
      `${command(a)} kept this request waiting ${seconds(a, 'db.wire_seconds')} for the server` +
      `${address(a)}; it returned ${plural(numberOf(a['db.response.returned_rows']) ?? 0, 'document')}.`,
    weight: 'warning',
  }),
  'db.command_plan': (a) => ({
    title: 'Plan of a command',
    sentence: textOf(a['db.plan']),
    weight: 'info',
  }),
  'request.snapshot': (a) => ({
    title: 'Snapshot',
    sentence: [`At ${seconds(a, 'request.age')}: ${textOf(a['request.wait'])}`, heldBy(a)]
      .filter(Boolean)
      .join('; held by '),
    weight: 'info',
  }),
  'response.unsent': (a) => ({
    title: 'Response not taken',
    sentence: `${textOf(a['response.unsent_bytes'])} bytes of the response were still unsent at the end.`,
    weight: 'warning',
  }),
  exception: (a) => ({
    title: textOf(a['exception.type']) || 'Exception',
    sentence: textOf(a['exception.message']),
    weight: 'error',
  }),
};

export function meaningOf(event: SpanEvent): EventMeaning {
  const { attributes } = event;
  const read = READERS[event.name];
  const known = read?.(attributes) ?? { title: event.name, sentence: '', weight: 'info' as const };
  return {
    ...known,
    stack: STACKS.map((name) => textOf(attributes[name])).find(Boolean) ?? '',
    requestId: textOf(attributes['hub.culprit.request_id']),
  };
}

/** Attributes that neither the sentence nor the stack shows. */
export function otherAttributes(event: SpanEvent): Attributes {
  return Object.fromEntries(
    Object.entries(event.attributes).filter(
      ([name]) => !STACKS.includes(name) && !name.startsWith('request.phase.'),
    ),
  );
}

function seconds(attributes: Attributes, name: string): string {
  return formatSeconds(numberOf(attributes[name]) ?? NaN);
}

function hubKind(attributes: Attributes): string {
  const kind = textOf(attributes['hub.kind']);
  return HUB_KINDS[kind] ?? kind;
}

function inCode(attributes: Attributes): string {
  const code = textOf(attributes['hub.code']);
  if (code === '' || code === '_UNKNOWN') {
    // No code is to blame where the machine is.
    return textOf(attributes['hub.kind']) === 'frozen' ? '' : ', in code that was not seen';
  }
  return code === 'many' ? ', in many places' : `, in ${code}`;
}

function culprit(attributes: Attributes): string {
  const route = textOf(attributes['hub.culprit.route']);
  if (route !== '' && route !== '(none)') {
    return ` because of a request for ${route}`;
  }
  const isOfHub = ['cpu', 'blocked'].includes(textOf(attributes['hub.kind']));
  return isOfHub && route === '(none)' ? ' because of work outside of requests' : '';
}

function command(attributes: Attributes): string {
  const names = [textOf(attributes['db.operation.name']), textOf(attributes['db.collection.name'])];
  return names.filter(Boolean).join(' ') || 'A command';
}

function address(attributes: Attributes): string {
  const host = textOf(attributes['server.address']);
  const port = textOf(attributes['server.port']);
  return host === '' ? '' : ` ${host}${port === '' ? '' : `:${port}`}`;
}

function heldBy(attributes: Attributes): string {
  return textOf(attributes['request.wait.held_by']);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
