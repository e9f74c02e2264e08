/** The app as a folder that Android Studio opens: the same page, code, manifest and pictures. */

import { filled, templateText } from '../skeleton.ts';
import type { BundleFiles } from '../ts/emit.ts';
import { xmlOf } from './element.ts';
import { type App, adaptiveIcon, manifestOf, minSdk, paths, targetSdk } from './manifest.ts';

const main = 'app/src/main';

export async function projectFiles(app: App, page: BundleFiles): Promise<BundleFiles> {
  const note = 'Made by netlathe as a start; change what you like.';
  const files = new Map<string, Uint8Array>();
  const text = (file: string, contents: string): void => {
    files.set(file, Buffer.from(contents));
  };
  const values = {
    id: app.id,
    minSdk: `${minSdk}`,
    targetSdk: `${targetSdk}`,
  };
  for (const file of ['settings.gradle.kts', 'build.gradle.kts', 'app/build.gradle.kts']) {
    text(file, await filled(`android/project/${file}`, values));
  }
  text('gradle.properties', await templateText('android/project/gradle.properties'));
  text(
    'gradle/wrapper/gradle-wrapper.properties',
    await templateText('android/project/gradle-wrapper.properties'),
  );
  text(`${main}/AndroidManifest.xml`, xmlOf(manifestOf(app, { gradle: true }), note));
  text(`${main}/${paths.adaptive}`, xmlOf(adaptiveIcon(app), note));
  text(`${main}/res/values/colors.xml`, coloursOf(app, note));
  text(
    `${main}/java/app/netlathe/shell/MainActivity.java`,
    await templateText('android/MainActivity.java'),
  );
  files.set(`${main}/${paths.icon}`, app.icon);
  files.set(`${main}/${paths.foreground}`, app.foreground);
  for (const [file, contents] of page) files.set(`${main}/assets/www/${file}`, contents);
  return files;
}

function coloursOf({ resources }: App, note: string): string {
  const lines = resources.flatMap(({ type, name, variants }) =>
    variants.flatMap(({ value }) =>
      'colour' in value && type === 'color'
        ? [`  <color name="${name}">#${value.colour.toString(16)}</color>\n`]
        : [],
    ),
  );
  const head = `<?xml version="1.0" encoding="utf-8"?>\n<!-- ${note} -->\n`;
  return `${head}<resources>\n${lines.join('')}</resources>\n`;
}
