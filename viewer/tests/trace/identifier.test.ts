import { describe, expect, it } from 'vitest';

import { attributeQuery, readIdentifier } from '../../src/trace/identifier';

const UUID = '0b5a7c1e-9a34-4f0e-8a34-5d1f2c3b4a59';
const HEX = '0b5a7c1e9a344f0e8a345d1f2c3b4a59';

describe('what a customer sends', () => {
  it.each([
    UUID,
    HEX,
    UUID.toUpperCase(),
    `  "${UUID}".  `,
    `X-Request-ID: ${UUID}`,
    `request_id=${UUID},`,
    `trace id: ${HEX}`,
  ])('is read as the same request: %s', (pasted) => {
    expect(readIdentifier(pasted)).toMatchObject({ traceId: HEX, requestId: UUID });
  });

  it('may be a traceparent', () => {
    expect(readIdentifier(`00-${HEX}-00f067aa0ba902b7-01`)).toMatchObject({ traceId: HEX, requestId: '' });
  });

  it('may be a trace id of 64 bits', () => {
    expect(readIdentifier('463ac35c9f6413ad')?.traceId).toBe('0000000000000000463ac35c9f6413ad');
  });

  it('may be what a proxy called the request', () => {
    const identifier = readIdentifier('1-67891233-abcdef012345678912345678')!;
    expect(identifier).toMatchObject({ traceId: '', requestId: '' });
    expect(attributeQuery(identifier)).toBe(
      '{ span."request.correlation_ids" = "1-67891233-abcdef012345678912345678" || ' +
        'span."request.correlation_ids" = "Root=1-67891233-abcdef012345678912345678" }',
    );
  });

  it('is nothing where nothing is left of it', () => {
    expect(readIdentifier(' "" ')).toBeUndefined();
  });

  it('is quoted in a query', () => {
    expect(attributeQuery(readIdentifier('a"b\\c')!)).toBe('{ span."request.correlation_ids" = "a\\"b\\\\c" }');
  });

  it('is searched by both names where it is one of ours', () => {
    expect(attributeQuery(readIdentifier(UUID)!)).toBe(
      `{ span."request.id" = "${UUID}" || span."request.correlation_ids" = "${UUID}" }`,
    );
  });
});
