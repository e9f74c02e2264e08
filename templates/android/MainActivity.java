package app.netlathe.shell;

import android.Manifest;
import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.content.res.Configuration;
import android.graphics.Color;
import android.net.Uri;
import android.os.Build;
import android.os.Bundle;
import android.view.View;
import android.webkit.PermissionRequest;
import android.webkit.ValueCallback;
import android.webkit.WebChromeClient;
import android.webkit.WebResourceRequest;
import android.webkit.WebResourceResponse;
import android.webkit.WebSettings;
import android.webkit.WebView;
import android.webkit.WebViewClient;
import android.widget.FrameLayout;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Shows the page in assets/www. The page has an https origin, because a camera is given to no other; the host is the one
 * that Android reserves for assets, and no request for it leaves the app. The app has no permission for the network.
 */
public final class MainActivity extends Activity {
  private static final String HOST = "appassets.androidplatform.net";
  private static final int ASK_CAMERA = 1;
  private static final int ASK_PHOTO = 2;

  private WebView web;
  /** Of the page, while the user is asked for the camera. */
  private PermissionRequest asked;
  /** Of the page, while the user chooses a photo. */
  private ValueCallback<Uri[]> choosing;

  @Override
  protected void onCreate(Bundle state) {
    int mode = getResources().getConfiguration().uiMode & Configuration.UI_MODE_NIGHT_MASK;
    boolean night = mode == Configuration.UI_MODE_NIGHT_YES;
    // The page follows the theme of the activity in whether it is dark.
    setTheme(
        night
            ? android.R.style.Theme_Material_NoActionBar
            : android.R.style.Theme_Material_Light_NoActionBar);
    super.onCreate(state);
    int paper = Color.parseColor(night ? "#131518" : "#fbfaf7");
    paintBars(paper, night);
    web = new WebView(this);
    web.setBackgroundColor(paper);
    WebSettings settings = web.getSettings();
    settings.setJavaScriptEnabled(true);
    settings.setAllowFileAccess(false);
    settings.setMediaPlaybackRequiresUserGesture(false);
    web.setWebViewClient(new Assets());
    web.setWebChromeClient(new Asking());
    // From Android 15 on an app reaches below the bars of the system; this frame keeps the page between them.
    FrameLayout frame = new FrameLayout(this);
    frame.setBackgroundColor(paper);
    frame.setFitsSystemWindows(true);
    frame.addView(web);
    setContentView(frame);
    web.loadUrl("https://" + HOST + "/index.html");
  }

  private void paintBars(int paper, boolean night) {
    // White signs on white paper cannot be read: older systems keep their dark bars.
    if (!night && Build.VERSION.SDK_INT < Build.VERSION_CODES.O) return;
    getWindow().setStatusBarColor(paper);
    getWindow().setNavigationBarColor(paper);
    if (night) return;
    getWindow()
        .getDecorView()
        .setSystemUiVisibility(
            View.SYSTEM_UI_FLAG_LIGHT_STATUS_BAR | View.SYSTEM_UI_FLAG_LIGHT_NAVIGATION_BAR);
  }

  @Override
  protected void onPause() {
    // The page sees that it is hidden and lets go of the camera.
    web.onPause();
    super.onPause();
  }

  @Override
  protected void onResume() {
    super.onResume();
    web.onResume();
  }

  @Override
  protected void onDestroy() {
    web.destroy();
    super.onDestroy();
  }

  @Override
  public void onBackPressed() {
    if (web.canGoBack()) {
      web.goBack();
    } else {
      super.onBackPressed();
    }
  }

  @Override
  public void onRequestPermissionsResult(int code, String[] names, int[] results) {
    if (code != ASK_CAMERA || asked == null) return;
    PermissionRequest request = asked;
    asked = null;
    if (results.length > 0 && results[0] == PackageManager.PERMISSION_GRANTED) {
      grantCamera(request);
    } else {
      request.deny();
    }
  }

  @Override
  protected void onActivityResult(int code, int result, Intent data) {
    if (code != ASK_PHOTO || choosing == null) return;
    choosing.onReceiveValue(WebChromeClient.FileChooserParams.parseResult(result, data));
    choosing = null;
  }

  private static boolean isOwn(Uri address) {
    return "https".equals(address.getScheme()) && HOST.equals(address.getAuthority());
  }

  private static void grantCamera(PermissionRequest request) {
    request.grant(new String[] {PermissionRequest.RESOURCE_VIDEO_CAPTURE});
  }

  /** Answers every request of the page from the assets. */
  private final class Assets extends WebViewClient {
    @Override
    public boolean shouldOverrideUrlLoading(WebView view, WebResourceRequest request) {
      return !isOwn(request.getUrl());
    }

    @Override
    public WebResourceResponse shouldInterceptRequest(WebView view, WebResourceRequest request) {
      Uri address = request.getUrl();
      String path = address.getPath();
      if (!isOwn(address) || path == null || path.contains("..")) return nothing();
      try {
        InputStream file = getAssets().open("www" + path);
        return new WebResourceResponse(typeOf(path), null, file);
      } catch (IOException missing) {
        return nothing();
      }
    }

    private WebResourceResponse nothing() {
      InputStream empty = new ByteArrayInputStream(new byte[0]);
      return new WebResourceResponse("text/plain", null, 404, "Not Found", null, empty);
    }

    private String typeOf(String path) {
      String end = path.substring(path.lastIndexOf('.') + 1);
      switch (end) {
        case "html":
          return "text/html";
        case "js":
        case "mjs":
          return "text/javascript";
        case "css":
          return "text/css";
        case "png":
          return "image/png";
        case "webmanifest":
          return "application/manifest+json";
        default:
          return "application/octet-stream";
      }
    }
  }

  /** What the page may ask for: the camera, a photo. */
  private final class Asking extends WebChromeClient {
    @Override
    public void onPermissionRequest(PermissionRequest request) {
      if (!isOwn(request.getOrigin()) || !isCamera(request.getResources())) {
        request.deny();
      } else if (checkSelfPermission(Manifest.permission.CAMERA)
          == PackageManager.PERMISSION_GRANTED) {
        grantCamera(request);
      } else {
        if (asked != null) asked.deny();
        asked = request;
        requestPermissions(new String[] {Manifest.permission.CAMERA}, ASK_CAMERA);
      }
    }

    @Override
    public void onPermissionRequestCanceled(PermissionRequest request) {
      asked = null;
    }

    private boolean isCamera(String[] resources) {
      return resources.length == 1
          && PermissionRequest.RESOURCE_VIDEO_CAPTURE.equals(resources[0]);
    }

    @Override
    public boolean onShowFileChooser(
        WebView view, ValueCallback<Uri[]> callback, FileChooserParams parameters) {
      if (choosing != null) choosing.onReceiveValue(null);
      choosing = callback;
      try {
        startActivityForResult(parameters.createIntent(), ASK_PHOTO);
      } catch (ActivityNotFoundException none) {
        choosing = null;
        callback.onReceiveValue(null);
      }
      return true;
    }
  }
}
