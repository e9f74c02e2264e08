/**
 * `npm run build:dex`: makes templates/android/classes.dex, the code of every emitted Android app, of MainActivity.java.
 * Needs a JDK and Maven, which fetches D8 (com.android.tools:r8) into a temporary folder. Done by hand when the source
 * changes: what it makes is committed, so that nobody who emits an app needs Java.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const r8 = '8.5.35';
const folder = path.join(import.meta.dirname, '../templates/android');
const source = path.join(folder, 'MainActivity.java');

/**
 * What the source uses of Android, as declarations only: the real classes are on the phone. Constants are compiled in, so
 * their values are those of Android's documentation. `$` stands for `public static final`.
 */
const declarations: Readonly<Record<string, string>> = {
  'android.Manifest':
    'class Manifest { public static class permission { $ String CAMERA = "android.permission.CAMERA"; } }',
  'android.R':
    'class R { public static class style { $ int Theme_Material_NoActionBar = 0x0103022e; $ int Theme_Material_Light_NoActionBar = 0x01030241; } }',
  'android.app.Activity': `class Activity extends android.content.Context {
    protected void onCreate(android.os.Bundle b) {} protected void onPause() {} protected void onResume() {}
    protected void onDestroy() {} public void onBackPressed() {} public void setTheme(int id) {}
    public void onRequestPermissionsResult(int c, String[] n, int[] r) {}
    protected void onActivityResult(int c, int r, android.content.Intent i) {}
    public void requestPermissions(String[] n, int c) {} public void setContentView(android.view.View v) {}
    public void startActivityForResult(android.content.Intent i, int c) {}
    public android.view.Window getWindow() { return null; } }`,
  'android.content.ActivityNotFoundException':
    'class ActivityNotFoundException extends RuntimeException {}',
  'android.content.Context': `class Context {
    public android.content.res.Resources getResources() { return null; }
    public android.content.res.AssetManager getAssets() { return null; }
    public int checkSelfPermission(String name) { return 0; } }`,
  'android.content.Intent': 'class Intent {}',
  'android.content.pm.PackageManager': 'class PackageManager { $ int PERMISSION_GRANTED = 0; }',
  'android.content.res.AssetManager':
    'class AssetManager { public java.io.InputStream open(String name) throws java.io.IOException { return null; } }',
  'android.content.res.Configuration':
    'class Configuration { $ int UI_MODE_NIGHT_MASK = 0x30; $ int UI_MODE_NIGHT_YES = 0x20; public int uiMode; }',
  'android.content.res.Resources':
    'class Resources { public Configuration getConfiguration() { return null; } }',
  'android.graphics.Color':
    'class Color { public static int parseColor(String text) { return 0; } }',
  'android.net.Uri': `class Uri { public String getScheme() { return null; } public String getAuthority() { return null; }
    public String getPath() { return null; } }`,
  'android.os.Build': `class Build { public static class VERSION { $ int SDK_INT = Integer.parseInt("0"); }
    public static class VERSION_CODES { $ int O = 26; } }`,
  'android.os.Bundle': 'class Bundle {}',
  'android.view.View': `class View { $ int SYSTEM_UI_FLAG_LIGHT_STATUS_BAR = 0x2000;
    $ int SYSTEM_UI_FLAG_LIGHT_NAVIGATION_BAR = 0x10; public void setBackgroundColor(int c) {}
    public void setFitsSystemWindows(boolean b) {} public void setSystemUiVisibility(int f) {} }`,
  'android.view.ViewGroup': 'class ViewGroup extends View { public void addView(View v) {} }',
  'android.view.Window': `class Window { public void setStatusBarColor(int c) {}
    public void setNavigationBarColor(int c) {} public View getDecorView() { return null; } }`,
  'android.webkit.PermissionRequest': `abstract class PermissionRequest {
    $ String RESOURCE_VIDEO_CAPTURE = "android.webkit.resource.VIDEO_CAPTURE";
    public abstract android.net.Uri getOrigin(); public abstract String[] getResources();
    public abstract void grant(String[] r); public abstract void deny(); }`,
  'android.webkit.ValueCallback': 'interface ValueCallback<T> { void onReceiveValue(T value); }',
  'android.webkit.WebChromeClient': `class WebChromeClient {
    public void onPermissionRequest(PermissionRequest r) {} public void onPermissionRequestCanceled(PermissionRequest r) {}
    public boolean onShowFileChooser(WebView v, ValueCallback<android.net.Uri[]> c, FileChooserParams p) { return false; }
    public abstract static class FileChooserParams { public abstract android.content.Intent createIntent();
      public static android.net.Uri[] parseResult(int r, android.content.Intent i) { return null; } } }`,
  'android.webkit.WebResourceRequest': 'interface WebResourceRequest { android.net.Uri getUrl(); }',
  'android.webkit.WebResourceResponse': `class WebResourceResponse {
    public WebResourceResponse(String m, String e, java.io.InputStream d) {}
    public WebResourceResponse(String m, String e, int s, String r, java.util.Map<String, String> h, java.io.InputStream d) {} }`,
  'android.webkit.WebSettings': `abstract class WebSettings { public abstract void setJavaScriptEnabled(boolean b);
    public abstract void setAllowFileAccess(boolean b); public abstract void setMediaPlaybackRequiresUserGesture(boolean b); }`,
  'android.webkit.WebView': `class WebView extends android.view.ViewGroup { public WebView(android.content.Context c) {}
    public WebSettings getSettings() { return null; } public void setWebViewClient(WebViewClient c) {}
    public void setWebChromeClient(WebChromeClient c) {} public void loadUrl(String u) {} public void onPause() {}
    public void onResume() {} public void destroy() {} public boolean canGoBack() { return false; } public void goBack() {} }`,
  'android.webkit.WebViewClient': `class WebViewClient {
    public boolean shouldOverrideUrlLoading(WebView v, WebResourceRequest r) { return false; }
    public WebResourceResponse shouldInterceptRequest(WebView v, WebResourceRequest r) { return null; } }`,
  'android.widget.FrameLayout':
    'class FrameLayout extends android.view.ViewGroup { public FrameLayout(android.content.Context c) {} }',
};

function run(program: string, ...options: readonly string[]): void {
  const { status, error } = spawnSync(program, options, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} failed`);
}

function writeStubs(root: string): readonly string[] {
  return Object.entries(declarations).map(([name, declaration]) => {
    const parts = name.split('.');
    const file = path.join(root, `${parts.join('/')}.java`);
    mkdirSync(path.dirname(file), { recursive: true });
    const code = declaration.replaceAll('$', 'public static final');
    writeFileSync(file, `package ${parts.slice(0, -1).join('.')};\npublic ${code}\n`);
    return file;
  });
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const work = mkdtempSync(path.join(tmpdir(), 'netlathe-dex-'));
try {
  const at = (name: string): string => path.join(work, name);
  const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
  run('mvn', '-q', copy, `-Dartifact=com.android.tools:r8:${r8}`, `-DoutputDirectory=${work}`);
  const stubs = writeStubs(at('stubs'));
  const java8 = ['--release', '8', '-Xlint:-options', '-g:none'];
  run('javac', ...java8, '-d', at('android'), ...stubs);
  run('javac', ...java8, '-cp', at('android'), '-d', at('classes'), source);
  const compiled = path.join(at('classes'), 'app/netlathe/shell');
  const classes = readdirSync(compiled).map((name) => path.join(compiled, name));
  const d8 = ['-cp', at(`r8-${r8}.jar`), 'com.android.tools.r8.D8', '--release'];
  run('java', ...d8, '--min-api', '24', '--classpath', at('android'), '--output', work, ...classes);
  const dex = readFileSync(at('classes.dex'));
  writeFileSync(path.join(folder, 'classes.dex'), dex);
  const record = { source: sha256(readFileSync(source)), dex: sha256(dex), d8: r8 };
  writeFileSync(path.join(folder, 'classes.json'), `${JSON.stringify(record, null, 2)}\n`);
  console.log(`classes.dex: ${dex.length} bytes`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
