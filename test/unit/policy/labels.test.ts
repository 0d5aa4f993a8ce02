import { describe, expect, it } from 'vitest';
import { labelsOf } from '../../../shared/access/labels.ts';

describe('the labels of a column', () => {
  it.each([
    ['public', ['public'], true],
    [' Public ', ['public'], true],
    ['confidential, pii', ['confidential', 'pii'], true],
    ['pii,restricted,pii', ['pii', 'restricted'], true],
    ['', [], false],
    [' , ', [], false],
    ['pii', ['pii'], false],
    ['secret', ['secret'], false],
    ['public,secret', ['public', 'secret'], false],
    ['pii,secret', ['pii', 'secret'], false],
    ['public,internal', ['internal', 'public'], false],
    ['public;pii', ['public;pii'], false],
  ])('%j are %j, labelled: %s', (written, labels, isLabelled) => {
    expect(labelsOf({ 'trellis.classification': written })).toMatchObject({ labels, isLabelled });
  });

  it('are none without the parameter', () => {
    expect(labelsOf(undefined)).toEqual({ labels: [], isLabelled: false });
    expect(labelsOf({ other: 'public' })).toEqual({ labels: [], isLabelled: false });
  });

  it('say what is wrong with them', () => {
    expect(labelsOf({ 'trellis.classification': 'publc' }).problem).toMatch(/unknown label publc/);
    expect(labelsOf({ 'trellis.classification': 'pii' }).problem).toMatch(/pii alone/);
    expect(labelsOf({ 'trellis.classification': 'public,internal' }).problem).toMatch(/one level/);
    expect(labelsOf({ 'trellis.classification': 'public' }).problem).toBeUndefined();
  });
});
