import { describe, expect, test } from 'vitest';
import { agreeOnClasses } from '../../runtime/data/classes.ts';
import { arrange } from '../../runtime/data/layout.ts';
import type { SplitChoice } from '../../runtime/data/split-folders.ts';
import { RuntimeError } from '../../runtime/runtime-error.ts';

function layoutOf(paths: readonly string[], splits: SplitChoice = {}, holdsOut = false) {
  return arrange({ root: 'photos', paths, splits, holdsOut });
}

/** `label:path` of each image, and the folders. */
function summary(paths: readonly string[], splits?: SplitChoice, holdsOut?: boolean) {
  const { train, validation, warnings } = layoutOf(paths, splits, holdsOut);
  const text = (images: typeof train): string[] =>
    images.map(({ path, label }) => `${label}:${path}`);
  return {
    train: text(train),
    validation: text(validation),
    warnings: warnings.map(({ code }) => code),
  };
}

function refused(work: () => unknown): RuntimeError {
  try {
    work();
  } catch (error) {
    if (error instanceof RuntimeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the usual trees', () => {
  test.each([
    ['training', 'validation'],
    ['train', 'val'],
    ['Train', 'valid'],
    ['train', 'Validation'],
  ])('%s and %s with a folder a class', (train, validation) => {
    const paths = [`${train}/cat/a.jpg`, `${train}/dog/b.JPEG`, `${validation}/cat/c.png`];
    expect(summary(paths)).toEqual({
      train: [`cat:${train}/cat/a.jpg`, `dog:${train}/dog/b.JPEG`],
      validation: [`cat:${validation}/cat/c.png`],
      warnings: [],
    });
  });

  test('food-11 of NTU ML2020: flat names, and a test folder without labels', () => {
    const paths = [
      'training/0_1.jpg',
      'training/10_7.jpg',
      'validation/0_2.jpg',
      'testing/0001.jpg',
    ];
    expect(summary(paths)).toEqual({
      train: ['0:training/0_1.jpg', '10:training/10_7.jpg'],
      validation: ['0:validation/0_2.jpg'],
      warnings: [],
    });
  });

  test('one folder of class folders, at any depth below', () => {
    const paths = ['cat/2020/a.jpg', 'cat/b.jpg', 'dog/c.webp'];
    const train = ['cat:cat/2020/a.jpg', 'cat:cat/b.jpg', 'dog:dog/c.webp'];
    expect(summary(paths)).toEqual({ train, validation: [], warnings: [] });
  });

  test('flat names at the root', () => {
    expect(summary(['beet_salad_12.jpg', 'pie_3.jpg']).train).toEqual([
      'beet_salad:beet_salad_12.jpg',
      'pie:pie_3.jpg',
    ]);
  });

  test.each([
    [
      ['food/training/a/1.jpg', 'food/training/b/1.jpg'],
      ['a', 'b'],
    ],
    [
      ['data/photos/a/1.jpg', 'data/photos/b/1.jpg'],
      ['a', 'b'],
    ],
    [
      ['data/0_1.jpg', 'data/1_1.jpg'],
      ['0', '1'],
    ],
    [['cat/photo.jpg'], ['cat']],
  ])('a folder around everything: %j', (paths, labels) => {
    expect(layoutOf(paths).train.map(({ label }) => label)).toEqual(labels);
  });
});

describe('named splits', () => {
  const paths = ['training/a/1.jpg', 'validation/a/2.jpg', 'evaluation/a/3.jpg', 'extra/a/4.jpg'];

  test('merge in the order given', () => {
    const { train, validation } = summary(paths, { train: ['validation', 'training'] });
    expect(train).toEqual(['a:validation/a/2.jpg', 'a:training/a/1.jpg']);
    expect(validation).toEqual([]);
  });

  test('validate on the test folder', () => {
    const { train, validation, warnings } = summary(paths, { validation: 'Evaluation' });
    expect(train).toEqual(['a:training/a/1.jpg']);
    expect(validation).toEqual(['a:evaluation/a/3.jpg']);
    expect(warnings).toEqual(['W506']);
  });

  test('inside a folder around everything', () => {
    const wrapped = paths.map((path) => `archive/${path}`);
    expect(summary(wrapped, { train: 'extra' }).train).toEqual(['a:archive/extra/a/4.jpg']);
    expect(summary(wrapped, { validation: 'evaluation' }).validation).toHaveLength(1);
  });

  test('the root itself', () => {
    expect(summary(['test/1.jpg', 'train/2.jpg'], { train: '.' }).train).toEqual([
      'test:test/1.jpg',
      'train:train/2.jpg',
    ]);
  });

  test('holding out leaves the validation folder unused, and says so', () => {
    const { validation, warnings } = summary(paths.slice(0, 2), {}, true);
    expect({ validation, warnings }).toEqual({ validation: [], warnings: ['W506'] });
  });

  test('false: nothing validates, whatever its name', () => {
    const { train, validation, warnings } = summary(paths.slice(0, 2), { validation: false });
    expect(train).toEqual(['a:training/a/1.jpg']);
    expect({ validation, warnings }).toEqual({ validation: [], warnings: ['W506'] });
  });

  test('inside a folder whose accents are of two characters', () => {
    const inside = ['cafe\u0301/Extra/a/1.jpg', 'cafe\u0301/train/a/2.jpg'];
    expect(summary(inside, { train: 'extra' }).train).toEqual([`a:${inside[0]}`]);
  });

  test.each<[string, readonly string[], SplitChoice, string]>([
    ['one that is not there', paths, { train: 'trainning' }, 'did you mean "training"?'],
    ['the same twice', paths, { train: 'training', validation: 'training' }, 'either train or'],
    ['one inside another', paths, { train: ['training', 'training/a'] }, 'none hold another'],
    ['two that train', ['train/a/1.jpg', 'training/a/1.jpg'], {}, 'name the folders'],
    ['none that trains', ['test/a/1.jpg', 'val/a/1.jpg'], {}, 'call it train or training'],
  ])('%s is refused', (_, given, splits, hint) => {
    const error = refused(() => layoutOf(given, splits));
    expect(error.code).toBe('E508');
    expect(error.hint).toContain(hint);
  });
});

describe('what is no image', () => {
  test('is counted and named', () => {
    const others = ['train/a/notes.txt', 'train/a/x.heic', 'train/stray.jpg', 'README.md'];
    const { warnings } = layoutOf(['train/a/1.jpg', ...others]);
    expect(warnings.map(({ code, places }) => [code, places])).toEqual([
      ['W504', [['train/a/x.heic']]],
      ['W502', [['train/a/notes.txt'], ['README.md'], ['train/stray.jpg']]],
    ]);
  });

  test.each([[[]], [['a.txt']], [['training/photo.jpg']], [['train/1.jpg', 'val/a/1.jpg']]])(
    'alone it is refused: %j',
    (paths: readonly string[]) => {
      const error = refused(() => layoutOf(paths));
      expect(error.code).toBe('E502');
      expect(error.hint).not.toBeNull();
    },
  );
});

describe('classes', () => {
  function classesOf(train: string[], validation: string[] | null, declared?: string[] | number) {
    const paths = (split: string, labels: string[]) =>
      labels.map((label, i) => `${split}/${label}/${i}.jpg`);
    const all = [...paths('train', train), ...paths('val', validation ?? [])];
    return agreeOnClasses('photos', layoutOf(all), declared);
  }

  test('are sorted by name, numbers by value', () => {
    expect(classesOf(['b', 'a', 'B'], null).names).toEqual(['B', 'a', 'b']);
    expect(classesOf(['10', '9', '0'], null).names).toEqual(['0', '9', '10']);
    expect(classesOf(['10', '9', 'x'], null).names).toEqual(['10', '9', 'x']);
  });

  test('an accent in two characters is the same class', () => {
    const { names } = classesOf(['cafe\u0301', 'thé'], ['caf\u00e9', 'the\u0301']);
    expect(names).toEqual(['caf\u00e9', 'thé']);
  });

  test('a class missing in a split is named, and no label moves', () => {
    const missing = refused(() => classesOf(['cat', 'dog', 'owl'], ['cat', 'owl']));
    expect(missing.code).toBe('E503');
    expect(missing.message).toBe('1 class of "train" missing in "val": "dog"');
    const typo = refused(() => classesOf(['cat', 'dog'], ['cat', 'dgo']));
    expect(typo.message).toBe('1 class of "val" missing in "train": "dgo"');
    expect(typo.hint).toBe('did you mean "dog"?');
  });

  test('follow the order the architecture declares', () => {
    const { names, indexOf } = classesOf(['cat', 'dog'], null, ['dog', 'cat']);
    expect([names, indexOf.get('dog')]).toEqual([['dog', 'cat'], 0]);
  });

  test('numbers are places in the declared list', () => {
    const { names, indexOf } = classesOf(['0', '1', '2'], null, ['Bread', 'Dairy', 'Dessert']);
    expect(names).toEqual(['Bread', 'Dairy', 'Dessert']);
    expect([...indexOf]).toEqual([
      ['0', 0],
      ['1', 1],
      ['2', 2],
    ]);
  });

  test.each<[string[], string[] | number, string]>([
    [['cat', 'dgo'], ['cat', 'dog'], 'did you mean "dog"?'],
    [['cat', 'dog', 'owl'], ['cat', 'dog'], 'the same names'],
    [['0', '1', '3'], ['a', 'b', 'c'], '0 to 2'],
    [['cat', 'dog'], 3, 'set "classes: 2"'],
    [['cat'], 1, 'side by side'],
  ])('%j against %j is refused', (found, declared, hint) => {
    const error = refused(() => classesOf(found, null, declared));
    expect(error.code).toBe('E503');
    expect(error.hint).toContain(hint);
  });

  test('a gap in numbers is a warning', () => {
    expect(classesOf(['0', '1', '3'], null).warnings.map(({ code }) => code)).toEqual(['W505']);
    expect(classesOf(['1', '2', '3'], null).warnings).toEqual([]);
  });
});
