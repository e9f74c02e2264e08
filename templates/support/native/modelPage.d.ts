/** The page that the WebView shows, with the model in it. */
export declare const modelPage: string;
