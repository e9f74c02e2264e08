/** What the system is told of the app, and its resources. */

import { shownOf } from '../text.ts';
import { groundOf, iconOf } from '../web/icon.ts';
import { bits, type Element, element, flag, number, resource, text } from './element.ts';
import { type Resource, resourceId } from './resources.ts';

export interface App {
  readonly id: string;
  /** Under the icon. */
  readonly label: string;
  readonly resources: readonly Resource[];
  /** Files that the resources name. */
  readonly icon: Uint8Array;
  readonly foreground: Uint8Array;
}

/** Android 7, the first that checks the signature scheme v2. */
export const minSdk = 24;
export const targetSdk = 35;
const [anyDensity, highest] = [0xfffe, 640];
const adaptiveSince = 26;
const launchers = 30;

export const paths = {
  icon: 'res/mipmap-xxxhdpi/icon.png',
  adaptive: 'res/mipmap-anydpi-v26/icon.xml',
  foreground: 'res/drawable-xxxhdpi/foreground.png',
} as const;

export function appOf(name: string, id: string): App {
  const [red, green, blue] = groundOf(name);
  const colour = 0xff000000 + (red << 16) + (green << 8) + blue;
  return {
    id,
    label: shownOf(name, launchers),
    resources: [
      {
        type: 'mipmap',
        name: 'icon',
        variants: [
          { density: highest, sdk: 0, value: { path: paths.icon } },
          { density: anyDensity, sdk: adaptiveSince, value: { path: paths.adaptive } },
        ],
      },
      {
        type: 'drawable',
        name: 'foreground',
        variants: [{ density: highest, sdk: 0, value: { path: paths.foreground } }],
      },
      { type: 'color', name: 'ground', variants: [{ density: 0, sdk: 0, value: { colour } }] },
    ],
    icon: iconOf(name, 192, { scale: 0.92 }),
    // A launcher shows the middle 66 of 108 parts at least.
    foreground: iconOf(name, 432, { scale: 0.6 }),
  };
}

function ownResource({ resources }: App, type: string, name: string) {
  return resource(resourceId(resources, type, name), `@${type}/${name}`);
}

export function adaptiveIcon(app: App): Element {
  return element(
    'adaptive-icon',
    {},
    element('background', { 'android:drawable': ownResource(app, 'color', 'ground') }),
    element('foreground', { 'android:drawable': ownResource(app, 'drawable', 'foreground') }),
  );
}

/** For the APK; Gradle adds package, versions and SDKs itself and wants them left out. */
export function manifestOf(app: App, { gradle }: { readonly gradle: boolean }): Element {
  const versions = {
    'android:versionCode': number(1),
    'android:versionName': text('1.0'),
    package: text(app.id),
  };
  const sdk = element('uses-sdk', {
    'android:minSdkVersion': number(minSdk),
    'android:targetSdkVersion': number(targetSdk),
  });
  return element(
    'manifest',
    gradle ? {} : versions,
    ...(gradle ? [] : [sdk]),
    element('uses-permission', { 'android:name': text('android.permission.CAMERA') }),
    // The camera is of use, not needed: photos do as well.
    element('uses-feature', {
      'android:name': text('android.hardware.camera'),
      'android:required': flag(false),
    }),
    element(
      'application',
      {
        'android:theme': resource(0x01030241, '@android:style/Theme.Material.Light.NoActionBar'),
        'android:label': text(app.label),
        'android:icon': ownResource(app, 'mipmap', 'icon'),
        'android:allowBackup': flag(false),
        'android:supportsRtl': flag(true),
      },
      activity(),
    ),
  );
}

function activity(): Element {
  return element(
    'activity',
    {
      'android:name': text('app.netlathe.shell.MainActivity'),
      'android:exported': flag(true),
      // Turned, the page lays itself out anew; the activity need not begin again.
      'android:configChanges': bits(
        0x0db0,
        'keyboardHidden|keyboard|orientation|screenLayout|screenSize|smallestScreenSize',
      ),
    },
    element(
      'intent-filter',
      {},
      element('action', { 'android:name': text('android.intent.action.MAIN') }),
      element('category', { 'android:name': text('android.intent.category.LAUNCHER') }),
    ),
  );
}
